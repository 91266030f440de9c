using System.Collections.Concurrent;
using System.Reflection;
using EnergyTTT.Contracts.Access;

namespace EnergyTTT.Grains.Access;

/// <summary>
/// Holds <see cref="GrainRights"/> at the door of every grain: whoever forgot to ask before, page or endpoint, is refused here. Calls without a
/// caller (the intake, timers) and calls between grains pass: they cost one look at the request's context.
/// </summary>
public sealed class CallerFilter : IIncomingGrainCallFilter
{
    // Null for the methods of Orleans' own grains (membership, reminders), which have rules of their own.
    private static readonly ConcurrentDictionary<MethodInfo, (string Name, GrainRight Right)?> Known = new();

    /// <inheritdoc/>
    public Task Invoke(IIncomingGrainCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (Caller.Current is not { } caller || context.InterfaceMethod is not { } method || (context.SourceId is { } source && !source.IsClient())
            || Known.GetOrAdd(method, Find) is not { Name: var name, Right: var right })
        {
            return context.Invoke();
        }

        return GrainRights.Allow(right, caller, context.TargetId)
            ? context.Invoke()
            : throw new NotAllowedException($"{caller.Name} ({caller.Role ?? "no role"}{(caller.Scopes.IsEmpty ? "" : ", bound to " + string.Join(", ", caller.Scopes))}) may not call {name} of {context.TargetId.Key}: {right} is needed.");
    }

    private static (string Name, GrainRight Right)? Find(MethodInfo method)
    {
        if (method.DeclaringType?.Assembly.GetName().Name?.StartsWith("EnergyTTT.", StringComparison.Ordinal) != true)
        {
            return null;
        }

        var name = GrainRights.NameOf(method);
        return (name, GrainRights.Table.GetValueOrDefault(name, GrainRight.Operate));
    }
}

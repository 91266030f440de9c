using System.Collections.Immutable;
using EnergyTTT.Wire.Schedules;

namespace EnergyTTT.Wire.Policies;

/// <summary>
/// The windows that are open at a moment along a chain of scopes. The nearest scope that sets schedules wins as with every field, and what its windows set
/// counts as if that scope set it.
/// </summary>
internal sealed class PolicyWindows
{
    private readonly int _scope;
    private readonly ImmutableArray<PolicySchedule> _open;

    private PolicyWindows(int scope, ImmutableArray<PolicySchedule> open) => (_scope, _open) = (scope, open);

    /// <summary>Their names with ", " between them.</summary>
    public string Names => string.Join(", ", _open.Select(window => window.Name));

    public static PolicyWindows Open(IEnumerable<PolicyDocument> chain, DateTimeOffset now)
    {
        var documents = chain.ToList();
        var scope = documents.FindLastIndex(document => document.Schedules is not null);
        return new(scope, scope < 0 ? [] : [.. documents[scope].Schedules!.Where(window => IsOpen(window, now))]); // found as not null
    }

    /// <summary>A chain with its open windows laid over it, and their names.</summary>
    public static (IEnumerable<(long Version, PolicyDocument Document)> Chain, string Names) Laid(IEnumerable<(long Version, PolicyDocument Document)> chain, DateTimeOffset now)
    {
        var documents = chain.ToList();
        var open = Open(documents.Select(document => document.Document), now);
        return (documents.Select((document, i) => (document.Version, open.Over(document.Document, i))), open.Names);
    }

    /// <summary>Whether a window is open; one that cannot be read never is.</summary>
    public static bool IsOpen(PolicySchedule window, DateTimeOffset now) => new CronWindow(window.Cron, window.TimeZone, window.DurationMinutes).IsOpen(now);

    /// <summary>The document at a place of the chain, with its open windows over it.</summary>
    public PolicyDocument Over(PolicyDocument document, int scope) => scope == _scope ? _open.Aggregate(document, (under, window) => under.Under(window.Set)) : document;
}

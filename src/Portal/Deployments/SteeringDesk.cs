using EnergyTTT.Portal.Access;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Portal.Deployments;

/// <summary>What the person of a circuit may do to routers. Every deed is checked here and noted in the log with the person's name.</summary>
public sealed partial class SteeringDesk(ISteeringSource source, PersonGuard guard, ILogger<SteeringDesk> logger)
{
    /// <summary>Stops or resumes learning. Null when done, else why not.</summary>
    public Task<string?> Freeze(string deployment, int layer, bool frozen, CancellationToken cancellationToken = default) =>
        Do(frozen ? "froze" : "resumed", deployment, layer, async () =>
        {
            await source.Freeze(deployment, layer, frozen, cancellationToken);
            return null;
        });

    /// <summary>Takes a snapshot that is kept for ever. Null when done, else why not.</summary>
    public Task<string?> TakeSnapshot(string deployment, int layer, CancellationToken cancellationToken = default) =>
        Do("took a snapshot of", deployment, layer, () => source.TakeSnapshot(deployment, layer, cancellationToken));

    /// <summary>Goes back to a snapshot. Null when done, else why not.</summary>
    public Task<string?> RollBack(string deployment, int layer, long snapshot, CancellationToken cancellationToken = default) =>
        Do($"rolled back to snapshot {snapshot}", deployment, layer, () => source.RollBack(deployment, layer, snapshot, cancellationToken));

    /// <summary>Gives a snapshot to a router of another deployment. Null when done, else why not.</summary>
    public Task<string?> Fork(string deployment, int layer, long snapshot, string target, int targetLayer, CancellationToken cancellationToken = default) =>
        Do($"forked snapshot {snapshot} to {target}/{targetLayer} from", deployment, layer, () => source.Fork(deployment, layer, snapshot, target, targetLayer, cancellationToken));

    private async Task<string?> Do(string deed, string deployment, int layer, Func<Task<string?>> work)
    {
        if (await guard.NameIf(AccessPolicies.Operator, "deployment/" + deployment) is not { } person)
        {
            return PersonGuard.Refusal;
        }

        var refusal = await work();
        Did(logger, person, deed, deployment, layer, refusal ?? "done");
        return refusal;
    }

    [LoggerMessage(LogLevel.Information, "{Person} {Deed} router {Deployment}/{Layer}: {Outcome}")]
    private static partial void Did(ILogger logger, string person, string deed, string deployment, int layer, string outcome);
}

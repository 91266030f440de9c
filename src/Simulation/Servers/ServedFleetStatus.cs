namespace EnergyTTT.Simulation.Servers;

/// <summary>How a served fleet is doing.</summary>
/// <param name="SimulatedSeconds">Simulated seconds since it takes part.</param>
/// <param name="Batches">Telemetry batches that the server has.</param>
/// <param name="Chunks">Chunks of feedback that the server has.</param>
/// <param name="Receipts">Receipts of applied epochs that the server has.</param>
/// <param name="Placed">Requests that the server placed.</param>
/// <param name="Fallbacks">Requests that the fleet placed by itself, since the server did not answer in time.</param>
/// <param name="Dropped">Messages lost because the server was away for long.</param>
/// <param name="Refused">Messages that the server refused for good.</param>
/// <param name="Epochs">The epoch in force per deployment; 0 is none.</param>
/// <param name="LastProblem">The last thing that went wrong; null when nothing has.</param>
public sealed record ServedFleetStatus(
    long SimulatedSeconds,
    long Batches,
    long Chunks,
    long Receipts,
    long Placed,
    long Fallbacks,
    long Dropped,
    long Refused,
    IReadOnlyDictionary<string, long> Epochs,
    Exception? LastProblem);

/// <summary>The counters behind <see cref="ServedFleetStatus"/>; any thread.</summary>
internal sealed class ServedFleetCounters
{
    private Exception? _lastProblem;

    public long Seconds;
    public long Batches;
    public long Chunks;
    public long Receipts;
    public long Placed;
    public long Fallbacks;
    public long Dropped;
    public long Refused;

    public Exception? LastProblem => Volatile.Read(ref _lastProblem);

    public void Failed(Exception problem) => Volatile.Write(ref _lastProblem, problem);
}

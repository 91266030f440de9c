using EnergyTTT.Faults.Clusters;
using EnergyTTT.Faults.Loads;
using EnergyTTT.Faults.Reports;
using Xunit;

namespace EnergyTTT.Faults.Restarts;

/// <summary>
/// Both silos are stopped by SIGTERM and started again, one after the other, under load. <c>eng/upgrade-test.sh</c> names an older build in
/// <c>ENERGYTTT_OLD_SERVER</c>: then the first round is an upgrade of the running cluster from that version to this one.
/// </summary>
[Collection(Machine.Name)]
public sealed class RollingRestartTests(SharedSilos shared)
{
    private static readonly string? Older = Environment.GetEnvironmentVariable("ENERGYTTT_OLD_SERVER") is { Length: > 0 } program ? program : null;

    [Fact]
    public async Task A_rolling_restart_loses_no_call_once_agents_have_repeated_it()
    {
        var rounds = FaultReport.Number("ENERGYTTT_RESTART_ROUNDS", 1, 5);
        await using var older = Older is null ? null : await TwoSilos.Start(Older);
        var silos = older ?? await shared.Get();
        await using var steering = await SteeringLoad.Start(silos.Servers, silos.Key);
        await using var load = silos.Load();
        await load.Flow(TimeSpan.FromSeconds(30));
        load.TakeLongestWait();
        for (var round = 0; round < rounds; round++)
        {
            for (var silo = 0; silo < 2; silo++)
            {
                Assert.Equal(0, await silos.Stop(silo));
                await silos.Begin(silo);
                await load.Flow(TimeSpan.FromSeconds(30));
            }
        }

        await silos.Agree();
        var waited = load.TakeLongestWait();
        var steered = await steering.Settle(silos.Source);
        var found = await load.Settle(silos.Source);

        FaultReport.Row(
            Older is null ? "rolling restart by SIGTERM" : "rolling upgrade of a running cluster", $"two silos, {rounds} rounds{(Older is null ? "" : ", the first from " + Environment.GetEnvironmentVariable("ENERGYTTT_OLD_VERSION"))}, under ingest, feedback and policy changes",
            $"{load.Batches:N0} batches, {load.Repeated} calls repeated, 0 failed after that; {found.Acknowledged:N0} frames acknowledged, {found.Missing} missing, {found.Doubled} doubled; longest wait of a batch {waited.TotalSeconds:0.0} s; {steered.Chunks} chunks and {steered.Policies} policies, all there");
    }
}

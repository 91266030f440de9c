using System.Diagnostics;
using EnergyTTT.Faults.Clusters;
using EnergyTTT.Faults.Loads;
using EnergyTTT.Faults.Reports;
using Xunit;

namespace EnergyTTT.Faults.Databases;

/// <summary>PostgreSQL goes away and comes back: senders are told to wait, memory stays bounded, and it goes on by itself.</summary>
[Collection(Machine.Name)]
public sealed class DatabaseFaultTests(SharedSilos shared)
{
    private const long MostGrowthBytes = 400L << 20;
    private static readonly TimeSpan LongestResumption = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_database_that_was_away_costs_nothing_but_time()
    {
        var away = TimeSpan.FromSeconds(FaultReport.Number("ENERGYTTT_DATABASE_AWAY", 3, 60));
        var silos = await shared.Get();
        await using var steering = await SteeringLoad.Start(silos.Servers, silos.Key);
        await using var load = silos.Load();
        await load.Flow(TimeSpan.FromSeconds(30));

        await silos.Database.End("immediate");
        await silos.Database.Begin();
        var restarted = Stopwatch.GetTimestamp();
        await load.Flow(TimeSpan.FromSeconds(60));
        var afterRestart = Stopwatch.GetElapsedTime(restarted);

        var before = Memory(silos);
        await silos.Database.End("immediate");
        await Task.Delay(away);
        var grown = Memory(silos) - before;
        var refused = load.Refusals.GetValueOrDefault(429) + load.Refusals.GetValueOrDefault(503);
        Assert.True(refused > 0, "nobody was told to come back");
        await silos.Database.Begin();
        var back = Stopwatch.GetTimestamp();
        await load.Flow(TimeSpan.FromSeconds(60));
        var resumed = Stopwatch.GetElapsedTime(back);

        await silos.Agree();
        var steered = await steering.Settle(silos.Source);
        var found = await load.Settle(silos.Source);
        FaultReport.Row(
            "PostgreSQL restarts without a shutdown", "pg_ctl stop -m immediate, start, under load", $"flowing again {afterRestart.TotalSeconds:0.0} s after it answered");
        FaultReport.Row(
            "PostgreSQL is gone", $"for {away.TotalSeconds:0} s, under load",
            $"{load.Refusals.GetValueOrDefault(429)} answers 429, {load.Refusals.GetValueOrDefault(503)} 503, nothing else; memory of both silos {grown / 1e6:+0;-0} MB; flowing again {resumed.TotalSeconds:0.0} s after it answered; {found.Acknowledged:N0} frames acknowledged, {found.Missing} missing, {found.Doubled} doubled; {steered.Chunks} chunks and {steered.Policies} policies, all there; both silos agree");
        Assert.True(afterRestart <= LongestResumption + FaultReport.Slack, $"it took {afterRestart.TotalSeconds:0.0} s to flow again");
        Assert.True(resumed <= LongestResumption + FaultReport.Slack, $"it took {resumed.TotalSeconds:0.0} s to flow again");
        Assert.True(grown < MostGrowthBytes, $"the silos took {grown / 1e6:0} MB more while the database was away");
    }

    private static long Memory(TwoSilos silos) => Enumerable.Range(0, 2).Sum(silo =>
    {
        using var process = Process.GetProcessById(silos[silo].ProcessId);
        return process.WorkingSet64;
    });
}

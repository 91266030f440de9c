using EnergyTTT.Faults.Clusters;
using EnergyTTT.Faults.Loads;
using EnergyTTT.Faults.Reports;
using Xunit;

namespace EnergyTTT.Faults.Kills;

/// <summary>kill -9 of one of two silos at random moments; the other goes on.</summary>
[Collection(Machine.Name)]
public sealed class SiloKillTests(SharedSilos shared)
{
    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task One_of_two_silos_is_killed_again_and_again_and_agents_wait_three_seconds_at_most()
    {
        var kills = FaultReport.Number("ENERGYTTT_SILO_KILLS", 1, 20);
        var random = new Random(FaultReport.Number("ENERGYTTT_KILL_SEED", 1, 1));
        var silos = await shared.Get();
        await using var steering = await SteeringLoad.Start(silos.Servers, silos.Key);
        await using var load = silos.Load();
        await load.Flow(TimeSpan.FromSeconds(30));
        List<TimeSpan> gaps = [];
        for (var kill = 0; kill < kills; kill++)
        {
            await Task.Delay(random.Next(300, 2_000));
            load.TakeLongestWait();
            await silos.Kill(kill % 2);
            await Task.Delay(TimeSpan.FromSeconds(3));
            await load.Flow(TimeSpan.FromSeconds(30));
            gaps.Add(load.TakeLongestWait());
            await silos.Begin(kill % 2);
        }

        await silos.Agree();
        var steered = await steering.Settle(silos.Source);
        var found = await load.Settle(silos.Source);

        FaultReport.Row(
            "kill -9 of one of two silos", $"{kills} times at random moments, under ingest, feedback and policy changes",
            $"{found.Acknowledged:N0} frames acknowledged, {found.Missing} missing, {found.Doubled} doubled; a batch waited {gaps.Order().ElementAt(gaps.Count / 2).TotalSeconds:0.0} s (median), {gaps.Max().TotalSeconds:0.0} s at most; {steered.Chunks} chunks and {steered.Policies} policies acknowledged, all there, 0 epochs repeated, both silos agree");
        Assert.All(gaps, gap => Assert.True(gap <= LongestGap + FaultReport.Slack, $"a batch waited {gap.TotalSeconds:0.0} s"));
    }
}

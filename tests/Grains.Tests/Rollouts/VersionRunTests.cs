using System.Collections.Immutable;
using EnergyTTT.Grains.Rollouts;
using EnergyTTT.History.Rollouts;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Grains.Tests.Rollouts;

public sealed class VersionRunTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);
    private static readonly VersionInEffect Twelve = new(12, "fleet", At, null, 11, At.AddHours(-2), "ada", "save more");

    [Fact]
    public void It_says_what_a_version_took_against_the_one_before_within_equal_batch_sizes()
    {
        var run = VersionRun.Of(Twelve, Minutes(At.AddMinutes(-15), 0.50), Minutes(At.AddMinutes(1), 0.47), Origin.Measured, At.AddMinutes(15));

        var comparison = run.Comparisons.Single();
        Assert.Equal(("version 11", "version 12", 14, Verdict.Saving, false), (comparison.Control, comparison.Treated, comparison.Pairs, comparison.Verdict, comparison.Publishable));
        Assert.InRange(comparison.SavingPercent!.Value, 5, 7);
        Assert.InRange(6, comparison.Ci95![0], comparison.Ci95[1]);
        Assert.Contains("not_interleaved", comparison.Reasons);
        Assert.Matches("^version 12 took [5-6].[0-9] % fewer joules per token than version 11 .95 % interval", run.Run.Reason);
        Assert.Null(RunBundleCheck.Fault(run with { ReceiptSha256 = RunBundleFile.Digest(run.Receipt) }));
    }

    [Fact]
    public void Simulated_GPUs_save_nothing_whatever_the_numbers_say()
    {
        var run = VersionRun.Of(Twelve, Minutes(At.AddMinutes(-15), 0.50), Minutes(At.AddMinutes(1), 0.47), Origin.Simulated, At.AddMinutes(15));

        Assert.Equal((Origin.Simulated, Verdict.NotMeasured), (run.Run.Origin, run.Comparisons.Single().Verdict));
    }

    [Fact]
    public void Minutes_of_other_batch_sizes_are_not_compared_and_a_run_without_pairs_says_so()
    {
        var run = VersionRun.Of(Twelve, Minutes(At.AddMinutes(-15), 0.50, band: 3), Minutes(At.AddMinutes(1), 0.47, band: 5), Origin.Measured, At.AddMinutes(15));

        Assert.Equal((0, Verdict.Inconclusive, (double?)null), (run.Comparisons.Single().Pairs, run.Comparisons.Single().Verdict, run.Comparisons.Single().SavingPercent));
        Assert.StartsWith("too few minutes", run.Run.Reason, StringComparison.Ordinal);
        Assert.Null(RunBundleCheck.Fault(run with { ReceiptSha256 = RunBundleFile.Digest(run.Receipt) }));
    }

    [Fact]
    public async Task A_version_that_takes_effect_opens_a_run_by_itself_and_it_ends_by_itself()
    {
        await using var cluster = await RolloutCluster.Start(1, new FastClock(30));
        await cluster.Describe("watched", 2);
        var first = await cluster.Save("fleet", new() { Strategy = "LossFreeBalancing" });
        await RolloutCluster.Until(async () => await State(cluster, first.Version) == "running", "a run for the first version");

        var second = await cluster.Save("fleet", new() { Strategy = "Baseline" });
        await RolloutCluster.Until(async () => await State(cluster, first.Version) == "completed", "the end of its run");
        await RolloutCluster.Until(async () => await State(cluster, second.Version) is "running" or "completed", "a run for the second version");
    }

    private static async Task<string?> State(RolloutCluster cluster, long version)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(cluster.ConnectionString);
        await using var command = source.CreateCommand("select state from experiment.run where run_id = $1 and kind = 'policy'");
        command.Parameters.Add(new Npgsql.NpgsqlParameter<Guid> { TypedValue = VersionRun.IdOf(version) });
        return await command.ExecuteScalarAsync() as string;
    }

    private static ImmutableArray<MinuteOfBand> Minutes(DateTimeOffset from, double joulesPerToken, int band = 4) =>
    [
        .. Enumerable.Range(0, 14).Select(i => new MinuteOfBand(from.AddMinutes(i), "d", 0, band, 10_000, 10_000 * joulesPerToken * (1 + (0.01 * (((i + band + (int)(1000 * joulesPerToken)) % 5) - 2))), null, 0.98, 20)),
    ];
}

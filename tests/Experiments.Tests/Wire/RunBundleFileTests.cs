using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Tests.Wire;

public class RunBundleFileTests
{
    [Fact]
    public void A_bundle_comes_back_as_it_went()
    {
        var file = RunBundleFile.Write(Bundle());

        var back = RunBundleFile.Read(file);

        Assert.Equal(file, RunBundleFile.Write(back));
        Assert.Equal(0.5, back.Trials[0].Joules);
        Assert.Equal("tiny", back.Run.Parameters["preset"].Text);
        Assert.Equal(16, back.Run.Parameters["batch"].Number);
        Assert.True(back.Run.Parameters["muon"].Flag);
    }

    [Fact]
    public void Any_changed_byte_is_refused()
    {
        var file = RunBundleFile.Write(Bundle());

        for (var at = 0; at < file.Length; at++)
        {
            var changed = (byte[])file.Clone();
            changed[at] ^= 1;
            Assert.Throws<FormatException>(() => RunBundleFile.Read(changed));
        }
    }

    [Fact]
    public void A_missing_or_added_byte_is_refused()
    {
        var file = RunBundleFile.Write(Bundle());

        Assert.Throws<FormatException>(() => RunBundleFile.Read(file.AsSpan(..^1)));
        Assert.Throws<FormatException>(() => RunBundleFile.Read(file.AsSpan(1..)));
        Assert.Throws<FormatException>(() => RunBundleFile.Read([.. file, (byte)'\n']));
        Assert.Throws<FormatException>(() => RunBundleFile.Read([]));
    }

    [Fact]
    public void Joules_that_were_not_measured_never_count_as_saved_or_publishable()
    {
        var claim = Bundle().Comparisons[0] with { Origin = Origin.Modelled };

        Assert.Contains("only measured", Assert.Throws<FormatException>(() => RunBundleFile.Read(RunBundleFile.Write(Bundle() with { Comparisons = [claim with { Verdict = Verdict.Saving }] }))).Message, StringComparison.Ordinal);
        Assert.Contains("only measured", Assert.Throws<FormatException>(() => RunBundleFile.Read(RunBundleFile.Write(Bundle() with { Comparisons = [claim with { Publishable = true }] }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trial_of_an_unknown_arm_is_refused_by_name()
    {
        var stray = Bundle().Trials[0] with { Block = 7, Arm = "nobody" };

        var wrong = Assert.Throws<FormatException>(() => RunBundleFile.Read(RunBundleFile.Write(Bundle() with { Trials = [stray] })));

        Assert.Contains("'nobody'", wrong.Message, StringComparison.Ordinal);
    }

    internal static RunBundle Bundle()
    {
        var start = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
        RunArm Arm(string name) => new() { Name = name, Strategy = name, Grouping = "random", Phase = "decode", BatchSize = 16, Trials = 1, Tokens = 16, Origin = Origin.Modelled };
        return new()
        {
            Schema = 1, Arms = [Arm("a"), Arm("b")],
            Run = new()
            {
                Id = Guid.Parse("01932f5e-0000-7000-8000-000000000001"), Kind = "compare", Name = "compare tiny", Started = start, Finished = start.AddMinutes(1), State = RunState.Completed, Origin = Origin.Modelled,
                Parameters = new(StringComparer.Ordinal) { ["preset"] = "tiny", ["batch"] = 16, ["muon"] = true },
            },
            Trials = [new() { Block = 0, Arm = "a", Pair = 0, Started = start, Finished = start.AddSeconds(1), Seconds = 1, Tokens = 16, Origin = Origin.Modelled, Joules = 0.5 }],
            Comparisons = [new() { Control = "a", Treated = "b", Pairs = 12, Origin = Origin.Modelled, Method = "paired_blocks_t", SavingPercent = 10, Ci95 = [9, 11], Verdict = Verdict.NotMeasured, Publishable = false, Reasons = ["not_measured"] }],
            Receipt = new()
            {
                Started = start, Finished = start.AddSeconds(1), Origin = Origin.Modelled, Gpus = [], Engine = "test", CodeVersion = "1", SettingsSha256 = "00", OrderSeed = 1, Order = ["a"], Host = "test",
                Publishable = false, Reasons = ["not_measured"],
            },
        };
    }
}

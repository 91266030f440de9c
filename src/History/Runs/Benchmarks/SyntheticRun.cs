namespace EnergyTTT.History.Runs.Benchmarks;

/// <summary>One of many runs that never were, for the benchmark of their search: the same number always makes the same run. Everything that it says is of origin <c>simulated</c>.</summary>
public sealed class SyntheticRun
{
    private static readonly string[] Models = ["NVIDIA H100 80GB HBM3", "NVIDIA H200", "NVIDIA A100-SXM4-80GB", "NVIDIA L40S"];
    private static readonly string[] Sites = ["ams", "fra", "lon", "nyc", "sin", "syd", "tyo", "zrh"];
    private static readonly string[] Kinds = ["compare", "compare", "compare", "sweep", "aa", "thermal", "run", "calibrate"];
    private static readonly string[] Strategies = ["Baseline", "LossFreeBalancing", "OpportunisticActivation", "GreedyConsolidation", "KernelAwareTtha", "StatisticalLoadBalancing", "EnergyAwareTTT"];
    private static readonly DateTimeOffset First = new(2025, 11, 23, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The run of a number, 1 to <paramref name="of"/>.</summary>
    public SyntheticRun(int number, int of)
    {
        var random = new Random(number);
        Number = number;
        Id = new Guid(number, 0x5ead, 0x7000, [0x80, 0, 0, 0, 0, 0, 0, 0]);

        // Recorded in the order in which they began, a year of them.
        Started = First.AddSeconds(Math.Floor(365.0 * 86_400 * number / of));
        Seconds = 60 + random.Next(3_600);
        Kind = Kinds[random.Next(Kinds.Length)];
        State = random.Next(20) switch { 0 => "aborted", 1 => "failed", _ => "completed" };
        Model = Models[random.Next(Models.Length)];
        Site = Sites[random.Next(Sites.Length)];
        Strategy = Strategies[random.Next(Strategies.Length)];
        Batch = 1 << random.Next(3, 9);
        Saving = State == "completed" ? Math.Round((random.NextDouble() * 50) - 10, 3) : null;
        PerplexityPercent = State == "completed" ? Math.Round((random.NextDouble() * 4) - 0.5, 3) : null;
        Publishable = State == "completed" && random.Next(3) == 0;
        Seed = random.Next(1_000);
        Rest = random;
    }

    /// <summary>Its number.</summary>
    public int Number { get; }

    /// <summary>Its identity.</summary>
    public Guid Id { get; }

    /// <summary>When it began.</summary>
    public DateTimeOffset Started { get; }

    /// <summary>How long it took.</summary>
    public int Seconds { get; }

    /// <summary><c>run.kind</c>.</summary>
    public string Kind { get; }

    /// <summary><c>run.state</c>.</summary>
    public string State { get; }

    /// <summary><c>gpu.model</c>.</summary>
    public string Model { get; }

    /// <summary><c>tag.site</c>.</summary>
    public string Site { get; }

    /// <summary><c>param.strategy</c>.</summary>
    public string Strategy { get; }

    /// <summary><c>param.batch_size</c>.</summary>
    public int Batch { get; }

    /// <summary><c>metric.saving_percent</c>.</summary>
    public double? Saving { get; }

    /// <summary><c>metric.perplexity_percent</c>.</summary>
    public double? PerplexityPercent { get; }

    /// <summary><c>receipt.publishable</c>.</summary>
    public bool Publishable { get; }

    /// <summary><c>param.seed</c>.</summary>
    public int Seed { get; }

    private Random Rest { get; }

    /// <summary>All 48 (46 when it did not complete) values that it is searched by. Asked once.</summary>
    public IEnumerable<RunFact> Facts()
    {
        yield return new("param.batch_size", Number: Batch);
        yield return new("param.strategy", Text: Strategy);
        yield return new("param.seed", Number: Seed);
        yield return new("param.muon_enabled", Flag: Rest.Next(2) == 0);
        yield return new("param.preset", Text: Rest.Next(3) == 0 ? "tiny" : "h100");
        for (var more = 0; more < 19; more++)
        {
            yield return new($"param.setting_{more}", Number: Rest.Next(100));
        }

        yield return new("tag.site", Text: Site);
        yield return new("tag.team", Text: $"team-{Rest.Next(50)}");
        if (Saving is { } saving && PerplexityPercent is { } perplexity)
        {
            yield return new("metric.saving_percent", Number: saving);
            yield return new("metric.perplexity_percent", Number: perplexity);
        }

        for (var more = 0; more < 8; more++)
        {
            yield return new($"metric.figure_{more}", Number: Rest.NextDouble());
        }

        yield return new("receipt.publishable", Flag: Publishable);
        yield return new("receipt.origin", Text: "simulated");
        yield return new("receipt.gpu_model", Text: Model);
        yield return new("receipt.driver", Text: $"580.{Rest.Next(200)}.04");
        yield return new("receipt.engine", Text: "synthetic");
        yield return new("receipt.code_version", Text: $"0.1.{Rest.Next(40)}");
        yield return new("receipt.settings_sha256", Text: Convert.ToHexStringLower(BitConverter.GetBytes(Rest.NextInt64())));
        yield return new("receipt.order_seed", Number: Rest.Next());
        yield return new("receipt.gap_seconds", Number: 0);
        yield return new("receipt.counter_resets", Number: 0);
        yield return new("receipt.started", Moment: Started);
        yield return new("receipt.finished", Moment: Started.AddSeconds(Seconds));
    }
}

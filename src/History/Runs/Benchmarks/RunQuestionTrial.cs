using System.Globalization;

namespace EnergyTTT.History.Runs.Benchmarks;

/// <summary>One question of the benchmark: in the query language, as a plain predicate that says the right answer, and as hand-written SQL for the peer.</summary>
/// <param name="Shape">Which kind of question it is.</param>
/// <param name="Query">In the query language.</param>
/// <param name="Order">The order asked for.</param>
/// <param name="Holds">Whether a run belongs to the answer.</param>
/// <param name="Key">What orders runs, greatest first; null: when they began.</param>
/// <param name="PeerCondition">The same over <c>experiment.peer_run</c>.</param>
/// <param name="PeerOrder">The same order.</param>
public sealed record RunQuestionTrial(string Shape, string Query, string Order, Func<SyntheticRun, bool> Holds, Func<SyntheticRun, double?>? Key, string PeerCondition, string PeerOrder)
{
    private const string Newest = "started desc, run_no desc";

    /// <summary>Questions with <c>or</c>, <c>in</c> and ranges in turn, their constants drawn anew each time.</summary>
    public static IEnumerable<RunQuestionTrial> Draw(int count, int seed)
    {
        var random = new Random(seed);
        for (var number = 0; number < count; number++)
        {
            yield return One(number % 8, random);
        }
    }

    private static RunQuestionTrial One(int shape, Random random)
    {
        var low = random.Next(-5, 38);
        string[] sites = ["ams", "fra", "lon", "nyc", "sin", "syd", "tyo", "zrh"];
        var (first, second) = (sites[random.Next(4)], sites[4 + random.Next(4)]);
        var seed = random.Next(1_000);
        var batch = 1 << random.Next(3, 9);
        var since = new DateTimeOffset(2025, 11, 23, 0, 0, 0, TimeSpan.Zero).AddDays(random.Next(360));
        var day = since.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return shape switch
        {
            0 => new("or of two ranges", $"metric.saving_percent > {low + 10} or metric.perplexity_percent < -0.4", "",
                run => run.Saving > low + 10 || run.PerplexityPercent < -0.4, null,
                $"((content->>'metric.saving_percent')::float8 > {low + 10} or (content->>'metric.perplexity_percent')::float8 < -0.4)", Newest),
            1 => new("the example of the manual", $"metric.saving_percent > {low} and (gpu.model like \"%H100%\" or tag.site in (\"{first}\", \"{second}\")) and started >= {day} and receipt.publishable = true", "",
                run => run.Saving > low && (run.Model.Contains("H100", StringComparison.Ordinal) || run.Site == first || run.Site == second) && run.Started >= since && run.Publishable, null,
                $"(content->>'metric.saving_percent')::float8 > {low} and (gpu_model like '%H100%' or content->>'tag.site' in ('{first}', '{second}')) and started >= '{day}Z' and (content->>'receipt.publishable')::boolean", Newest),
            2 => new("a needle by one setting or another", $"param.seed = {seed} and (param.batch_size in (8, 16) or tag.site = \"{first}\")", "",
                run => run.Seed == seed && (run.Batch is 8 or 16 || run.Site == first), null,
                $"content @> '{{\"param.seed\": {seed}}}' and ((content->>'param.batch_size')::float8 in (8, 16) or content->>'tag.site' = '{first}')", Newest),
            3 => new("nothing found after all", "metric.saving_percent > 1000 or (param.batch_size = 7 and tag.site in (\"nowhere\", \"never\"))", "",
                _ => false, null,
                "((content->>'metric.saving_percent')::float8 > 1000 or ((content->>'param.batch_size')::float8 = 7 and content->>'tag.site' in ('nowhere', 'never')))", Newest),
            4 => new("negation of an or", $"not (run.kind in (\"aa\", \"calibrate\") or tag.site in (\"{first}\", \"{second}\") or metric.saving_percent <= {low})", "",
                run => run.Kind is not ("aa" or "calibrate") && run.Site != first && run.Site != second && run.Saving > low, null,
                $"not (kind in ('aa', 'calibrate') or content->>'tag.site' in ('{first}', '{second}') or (content->>'metric.saving_percent')::float8 <= {low})", Newest),
            5 => new("greatest saving first", $"param.batch_size in ({batch}, 8) and (run.state = \"completed\" or metric.figure_0 > 2)", "metric.saving_percent desc",
                run => (run.Batch == batch || run.Batch == 8) && run.State == "completed", run => run.Saving,
                $"(content->>'param.batch_size')::float8 in ({batch}, 8) and (state = 'completed' or (content->>'metric.figure_0')::float8 > 2)", "(content->>'metric.saving_percent')::float8 desc nulls last, run_no desc"),
            6 => new("what is missing", $"(metric.saving_percent is null or receipt.publishable = true) and param.strategy like \"%TTT%\" and started < {day}", "",
                run => (run.Saving is null || run.Publishable) && run.Strategy.Contains("TTT", StringComparison.Ordinal) && run.Started < since, null,
                $"(not content ? 'metric.saving_percent' or (content->>'receipt.publishable')::boolean) and content->>'param.strategy' like '%TTT%' and started < '{day}Z'", Newest),
            _ => new("a range within a range or a list", $"(metric.saving_percent >= {low} and metric.saving_percent < {low + 2}) or param.seed in ({seed}, {(seed + 1) % 1000}, {(seed + 2) % 1000})", "",
                run => (run.Saving >= low && run.Saving < low + 2) || run.Seed == seed || run.Seed == (seed + 1) % 1000 || run.Seed == (seed + 2) % 1000, null,
                $"((content->>'metric.saving_percent')::float8 >= {low} and (content->>'metric.saving_percent')::float8 < {low + 2}) or (content->>'param.seed')::float8 in ({seed}, {(seed + 1) % 1000}, {(seed + 2) % 1000})", Newest),
        };
    }
}

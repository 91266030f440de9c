using System.Text;

namespace EnergyTTT.History.Tests.Runs;

/// <summary>Strings between nonsense and sense: noise, words of the language in no order, and good queries with a few characters changed.</summary>
public static class RandomQueries
{
    private static readonly string[] Words =
    [
        "and", "or", "not", "in", "like", "is", "null", "(", ")", ",", "=", "!=", "<", "<=", ">", ">=", "==", "<>", "run.name", "run.state", "run.started", "run.seconds", "param.a", "metric.saving_percent", "tag.site", "receipt.publishable",
        "tag.\"a b\"", "origin", "started", "gpu.model", "policy.version", "nonsense.x", "5", "-1.5e3", "1e999", "2026-11-01", "2026-11-01T10:00:00Z", "2026-99-99", "now", "now-30d", "now-999999999w", "true", "false", "\"measured\"", "'completed'", "\"%H100%\"",
        "\"\\\"", "\"a\\\\\"", "'", "\"", "--", ";", "/*", "$1", "drop table experiment.run", "1; select pg_sleep(10)", "\u0000", "😀", "\ud800", "\uffff",
    ];

    private static readonly string[] Good =
    [
        "metric.saving_percent > 5 and (gpu.model like \"%H100%\" or tag.site in (\"ams\",\"fra\")) and started >= now-30d and receipt.publishable = true",
        "not (run.state = \"aborted\" or origin in (\"measured\", \"modelled\"))", "param.a is not null and param.a != 'x'", "run.seconds <= 1e4 or run.name not like '_%\\%'", "tag.\"my site\" = \"it's\"", "policy.version not in (1, 2, 3)", "started = 2026-11-01",
    ];

    /// <summary>The next one.</summary>
    public static string Next(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return random.Next(8) switch
        {
            0 => Noise(random, 0, 128),
            1 => Noise(random, 0, 0x10000),
            2 => new string('(', random.Next(60)) + Jumble(random) + new string(')', random.Next(60)),
            3 or 4 => Jumble(random),
            5 => Sentence(random),
            _ => Mutant(random),
        };
    }

    private static string Noise(Random random, int low, int high) => new([.. Enumerable.Range(0, random.Next(40)).Select(_ => (char)random.Next(low, high))]);

    private static string Jumble(Random random) => string.Join(random.Next(3) == 0 ? "" : " ", Enumerable.Range(0, random.Next(12)).Select(_ => Words[random.Next(Words.Length)]));

    // Field, operator, value in their places: often right, often of the wrong type.
    private static string Sentence(Random random) =>
        string.Join(random.Next(2) == 0 ? " and " : " OR ", Enumerable.Range(0, random.Next(1, 5)).Select(_ => $"{(random.Next(4) == 0 ? "not " : "")}{Words[random.Next(18, 32)]} {Words[random.Next(10, 16)]} {Words[random.Next(32, 52)]}"));

    private static string Mutant(Random random)
    {
        var text = new StringBuilder(Good[random.Next(Good.Length)]);
        for (var changes = random.Next(4); changes > 0 && text.Length > 0; changes--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(3))
            {
                case 0:
                    text.Remove(at, 1);
                    break;
                case 1:
                    text.Insert(at, Words[random.Next(Words.Length)]);
                    break;
                default:
                    text[at] = (char)random.Next(random.Next(2) == 0 ? 128 : 0x10000);
                    break;
            }
        }

        return text.ToString();
    }
}

using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Experiments.Reports;

/// <summary>The pictures of a run: joules per token with intervals, paired differences, distinct experts by batch size, joules and distinct experts against perplexity, the card's temperature, and biases.</summary>
public static class RunPictures
{
    private static readonly string[] Colours = ["#1f6fb2", "#c2571a", "#2c8a4b", "#8a4fb0", "#b5303c", "#6b6b6b", "#a88a00", "#0a8f8f"];

    /// <summary>Names of files and their SVG text; only those for which the run has something to show.</summary>
    public static IReadOnlyList<(string Name, string Svg)> Of(RunBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        List<(string, string)> pictures = [];
        var origin = bundle.Run.Origin.ToString().ToLowerInvariant();
        var arms = bundle.Arms.Where(arm => arm.JoulesPerToken is not null).ToList();
        if (arms.Count > 0)
        {
            var energy = new Picture($"Joules per token, 95 % ({origin})", "", "J/token", [-0.5, arms.Count - 0.5], arms.SelectMany(arm => new[] { arm.JoulesPerToken!.Value, arm.JoulesPerTokenLow ?? double.NaN, arm.JoulesPerTokenHigh ?? double.NaN })); // filtered
            for (var i = 0; i < arms.Count; i++)
            {
                energy.Dot(i, arms[i].JoulesPerToken!.Value, arms[i].Name, Colours[0], arms[i].JoulesPerTokenLow, arms[i].JoulesPerTokenHigh, nameBelow: true); // filtered
            }

            pictures.Add(("energy.svg", energy.ToString()));
        }

        var pareto = arms.Where(arm => arm.Perplexity is not null).ToList();
        if (pareto.Count > 1)
        {
            var picture = new Picture($"Joules per token against perplexity ({origin})", "perplexity of held-out text", "J/token", pareto.Select(arm => arm.Perplexity!.Value), pareto.Select(arm => arm.JoulesPerToken!.Value)).WithXNumbers(); // filtered
            pareto.ForEach(arm => picture.Dot(arm.Perplexity!.Value, arm.JoulesPerToken!.Value, arm.Name, Colours[0])); // filtered
            pictures.Add(("pareto.svg", picture.ToString()));
        }

        var pairs = bundle.Comparisons.Where(pair => pair.SavingPercent is not null).ToList();
        if (pairs.Count > 0)
        {
            // One dot a pair, and the interval of their mean beside them.
            double Percent(double ratio) => -100 * double.ExpM1(ratio);
            var picture = new Picture($"Less joules per token, pair by pair ({origin})", "", "%", [-0.5, pairs.Count - 0.5], [0, .. pairs.SelectMany(pair => pair.LogRatios.Select(Percent)), .. pairs.SelectMany(pair => pair.Ci95 ?? [])]);
            for (var i = 0; i < pairs.Count; i++)
            {
                foreach (var ratio in pairs[i].LogRatios)
                {
                    picture.Dot(i - 0.15, Percent(ratio), "", "#bbb", nameBelow: true);
                }

                picture.Dot(i, pairs[i].SavingPercent!.Value, pairs[i].Treated, Colours[0], pairs[i].Ci95?[0], pairs[i].Ci95?[1], nameBelow: true); // filtered
            }

            pictures.Add(("differences.svg", picture.ToString()));
        }

        var sizes = bundle.Arms.Where(arm => arm.DistinctExperts is not null).ToList();
        if (sizes.Count > 0)
        {
            var picture = new Picture("Distinct experts per layer and step", "sequences side by side", "experts", sizes.Select(arm => (double)arm.BatchSize), sizes.Select(arm => arm.DistinctExperts!.Value)).WithXNumbers(); // filtered
            sizes.ForEach(arm => picture.Dot(arm.BatchSize, arm.DistinctExperts!.Value, arm.Name, Colours[0])); // filtered
            pictures.Add(("experts.svg", picture.ToString()));
        }

        Lines("sweep_distinct", "sweep.svg", "Distinct experts against perplexity, tuning text");
        Lines("sweep_joules", "sweep_joules.svg", $"Joules per token against perplexity, each strategy over its settings ({origin})");
        Lines("equal_quality", "equal_quality.svg", $"Less joules per token at equal perplexity ({origin})");
        Lines("temperature", "temperature.svg", $"Temperature ({origin})");
        Biases(bundle, pictures);
        return pictures;

        void Lines(string name, string file, string title)
        {
            var lines = bundle.Series.Where(series => series.Name == name).ToList();
            if (lines.Count == 0)
            {
                return;
            }

            var picture = new Picture(title, lines[0].XUnit, lines[0].YUnit, lines.SelectMany(line => line.X), lines.SelectMany(line => line.Y.Concat(line.Low ?? []).Concat(line.High ?? [])).OfType<double>()).WithXNumbers();
            for (var i = 0; i < lines.Count; i++)
            {
                if (lines[i] is { Low: { } low, High: { } high })
                {
                    picture.Band(lines[i].X, low, high, Colours[i % Colours.Length]);
                }

                picture.Line(lines[i].X, lines[i].Y, lines[i].Label, Colours[i % Colours.Length]);
                picture.Legend(i, lines[i].Label, Colours[i % Colours.Length]);
            }

            pictures.Add((file, picture.ToString()));
        }
    }

    /// <summary>Writes the pictures of a run beside its bundle.</summary>
    /// <param name="bundle">The run.</param>
    /// <param name="stem">Path and beginning of the files' names.</param>
    public static void Write(RunBundle bundle, string stem)
    {
        foreach (var (name, svg) in Of(bundle))
        {
            File.WriteAllText($"{stem}.{name}", svg);
        }
    }

    private static void Biases(RunBundle bundle, List<(string, string)> pictures)
    {
        var rows = bundle.Series.Where(series => series.Name == "bias" && series.Y.Any(value => value is not null and not 0)).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        var greatest = rows.Max(row => row.Y.Max(value => Math.Abs(value ?? 0)));
        var columns = rows.Max(row => row.Y.Count);
        var picture = new Picture(FormattableString.Invariant($"Biases in force at the end, greatest {greatest:0.###} logits: {string.Join(", ", rows.Select(row => row.Label.Split(" / ")[0]).Distinct())}"), "expert", "layer of an arm", [0, columns], [0, rows.Count]).WithXNumbers();
        for (var row = 0; row < rows.Count; row++)
        {
            for (var e = 0; e < rows[row].Y.Count; e++)
            {
                picture.Cell(e, row, 1, 1, rows[row].Y[e] ?? 0, greatest);
            }
        }

        pictures.Add(("biases.svg", picture.ToString()));
    }
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Portal.Runs;

/// <summary>Lines or dots of a run in a picture of 600 by 200 units, all of one origin. Where a line has no value it is broken.</summary>
/// <param name="Lines">What is drawn.</param>
/// <param name="LeastX">Left edge.</param>
/// <param name="MostX">Right edge.</param>
/// <param name="LeastY">Lower edge.</param>
/// <param name="MostY">Upper edge.</param>
public sealed record XyPlot(ImmutableArray<XyLine> Lines, double LeastX, double MostX, double LeastY, double MostY)
{
    /// <summary>Width of the picture.</summary>
    public const int Width = 600;

    /// <summary>Height of the picture.</summary>
    public const int Height = 200;

    /// <summary>Whether there is nothing to draw.</summary>
    public bool IsEmpty => Lines.All(line => line.Dots.IsEmpty);

    /// <summary>Of series of points; null is no data.</summary>
    /// <param name="series">The points by label.</param>
    /// <param name="withZero">Whether 0 must be in sight, as for differences.</param>
    public static XyPlot Of(IEnumerable<(string Label, IReadOnlyList<double> X, IReadOnlyList<double?> Y)> series, bool withZero = false) =>
        Of(series.Select(one => (one.Label, one.X, one.Y, (IReadOnlyList<double?>?)null, (IReadOnlyList<double?>?)null)), withZero);

    /// <summary>Of recorded series, with the bands around them.</summary>
    public static XyPlot Of(IEnumerable<RunSeries> series) => Of(series.Select(one => (one.Label, one.X, one.Y, one.Low, one.High)), false);

    private static XyPlot Of(IEnumerable<(string Label, IReadOnlyList<double> X, IReadOnlyList<double?> Y, IReadOnlyList<double?>? Low, IReadOnlyList<double?>? High)> series, bool withZero)
    {
        var all = series.ToList();
        var known = all.SelectMany(one => one.X.Zip(one.Y).Concat(one.X.Zip(one.Low ?? [])).Concat(one.X.Zip(one.High ?? [])))
            .Where(point => double.IsFinite(point.First) && point.Second is { } y && double.IsFinite(y)).ToList();
        if (known.Count == 0)
        {
            return new([.. all.Select(one => new XyLine(one.Label, "", [], ""))], 0, 1, 0, 1);
        }

        var (leastX, mostX) = Edges(known.Select(point => point.First));
        var (leastY, mostY) = Edges(known.Select(point => point.Second!.Value).Concat(withZero ? [0.0] : [])); // the known ones have a value
        return new([.. all.Select(one => Line(one, leastX, mostX, leastY, mostY))], leastX, mostX, leastY, mostY);
    }

    private static (double Least, double Most) Edges(IEnumerable<double> values)
    {
        var (least, most) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
        {
            (least, most) = (Math.Min(least, value), Math.Max(most, value));
        }

        return most > least ? (least, most) : (least - 1, most + 1);
    }

    private static XyLine Line(
        (string Label, IReadOnlyList<double> X, IReadOnlyList<double?> Y, IReadOnlyList<double?>? Low, IReadOnlyList<double?>? High) one, double leastX, double mostX, double leastY, double mostY)
    {
        var dots = ImmutableArray.CreateBuilder<(double X, double Y)>();
        var path = Path(one.X, one.Y, 'M', dots);
        var band = "";
        if (one.Low is { } low && one.High is { } high)
        {
            // There along the upper edge, and back along the lower one.
            var back = Path([.. one.X.Reverse()], [.. low.Reverse()], 'L', null);
            band = Path(one.X, high, 'M', null) + back + (back.Length > 0 ? "Z" : "");
        }

        return new(one.Label, path, dots.ToImmutable(), band);

        string Path(IReadOnlyList<double> xs, IReadOnlyList<double?> ys, char first, ImmutableArray<(double X, double Y)>.Builder? into)
        {
            var text = new StringBuilder();
            var isOpen = false;
            for (var point = 0; point < Math.Min(xs.Count, ys.Count); point++)
            {
                if (ys[point] is not { } value || !double.IsFinite(value) || !double.IsFinite(xs[point]))
                {
                    isOpen = false;
                    continue;
                }

                var x = Width * ((xs[point] / (mostX - leastX)) - (leastX / (mostX - leastX)));
                var y = Height - (Height * ((value / (mostY - leastY)) - (leastY / (mostY - leastY))));
                text.Append(isOpen ? 'L' : first).Append(CultureInfo.InvariantCulture, $"{x:0.##} {y:0.##}");
                into?.Add((x, y));
                isOpen = true;
            }

            return text.ToString();
        }
    }
}

/// <summary>One line of a plot.</summary>
/// <param name="Label">What it is.</param>
/// <param name="Path">As an SVG path.</param>
/// <param name="Dots">Its points in the picture.</param>
/// <param name="Band">The band around it, as a closed SVG path; empty without one.</param>
public sealed record XyLine(string Label, string Path, ImmutableArray<(double X, double Y)> Dots, string Band);

using System.Collections.Immutable;
using System.Globalization;
using System.Text;

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
    public static XyPlot Of(IEnumerable<(string Label, IReadOnlyList<double> X, IReadOnlyList<double?> Y)> series, bool withZero = false)
    {
        var all = series.ToList();
        var known = all.SelectMany(one => one.X.Zip(one.Y)).Where(point => double.IsFinite(point.First) && point.Second is { } y && double.IsFinite(y)).ToList();
        if (known.Count == 0)
        {
            return new([.. all.Select(one => new XyLine(one.Label, "", []))], 0, 1, 0, 1);
        }

        var (leastX, mostX) = Edges(known.Select(point => point.First));
        var (leastY, mostY) = Edges(known.Select(point => point.Second!.Value).Concat(withZero ? [0.0] : [])); // the known ones have a value
        return new([.. all.Select(one => Line(one.Label, one.X, one.Y, leastX, mostX, leastY, mostY))], leastX, mostX, leastY, mostY);
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

    private static XyLine Line(string label, IReadOnlyList<double> xs, IReadOnlyList<double?> ys, double leastX, double mostX, double leastY, double mostY)
    {
        var path = new StringBuilder();
        var dots = ImmutableArray.CreateBuilder<(double X, double Y)>();
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
            path.Append(isOpen ? 'L' : 'M').Append(CultureInfo.InvariantCulture, $"{x:0.##} {y:0.##}");
            dots.Add((x, y));
            isOpen = true;
        }

        return new(label, path.ToString(), dots.ToImmutable());
    }
}

/// <summary>One line of a plot.</summary>
/// <param name="Label">What it is.</param>
/// <param name="Path">As an SVG path.</param>
/// <param name="Dots">Its points in the picture.</param>
public sealed record XyLine(string Label, string Path, ImmutableArray<(double X, double Y)> Dots);

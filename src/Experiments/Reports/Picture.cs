using System.Globalization;
using System.Text;

namespace EnergyTTT.Experiments.Reports;

/// <summary>A chart as SVG text, light enough to be read by hand: 720 by 420 units, axes with numbers, marks on them. Numbers are printed without regard to culture.</summary>
internal sealed class Picture
{
    private const double Left = 90, Right = 640, Top = 40, Bottom = 340;
    private readonly StringBuilder _marks = new();
    private readonly (double Least, double Most) _x, _y;

    /// <summary>Axes that hold all given values, with a little room.</summary>
    public Picture(string title, string xUnit, string yUnit, IEnumerable<double> xs, IEnumerable<double> ys)
    {
        (_x, _y) = (Edges(xs), Edges(ys));
        Text(Left, 22, title, 15, "start");
        Text((Left + Right) / 2, 412, xUnit, 12, "middle");
        _marks.Append(CultureInfo.InvariantCulture, $"<text transform='translate(16 {(Top + Bottom) / 2}) rotate(-90)' font-size='12' text-anchor='middle'>{Escape(yUnit)}</text>");
        _marks.Append(CultureInfo.InvariantCulture, $"<path d='M{Left} {Top}V{Bottom}H{Right}' fill='none' stroke='#888'/>");
        for (var tick = 0; tick <= 4; tick++)
        {
            var y = _y.Least + (_y.Most - _y.Least) * tick / 4;
            _marks.Append(CultureInfo.InvariantCulture, $"<path d='M{Left} {AtY(y):0.#}H{Right}' stroke='#ddd'/>");
            Text(Left - 6, AtY(y) + 4, Number(y), 11, "end");
        }
    }

    /// <summary>Numbers along x; pictures with names along x leave them out.</summary>
    public Picture WithXNumbers()
    {
        for (var tick = 0; tick <= 4; tick++)
        {
            var x = _x.Least + (_x.Most - _x.Least) * tick / 4;
            Text(AtX(x), Bottom + 16, Number(x), 11, "middle");
        }

        return this;
    }

    /// <summary>A dot with a name, and a bar from low to high where both are known.</summary>
    public void Dot(double x, double y, string label, string colour, double? low = null, double? high = null, bool nameBelow = false)
    {
        if (low is { } l && high is { } h && double.IsFinite(l) && double.IsFinite(h))
        {
            _marks.Append(CultureInfo.InvariantCulture, $"<path d='M{AtX(x):0.#} {AtY(l):0.#}V{AtY(h):0.#}' stroke='{colour}' stroke-width='2'/>");
        }

        _marks.Append(CultureInfo.InvariantCulture, $"<circle cx='{AtX(x):0.#}' cy='{AtY(y):0.#}' r='4' fill='{colour}'><title>{Escape(label)}: {Number(y)}</title></circle>");
        if (nameBelow)
        {
            _marks.Append(CultureInfo.InvariantCulture, $"<text transform='translate({AtX(x):0.#} {Bottom + 12}) rotate(25)' font-size='9'>{Escape(label)}</text>");
        }
        else
        {
            var isRight = AtX(x) > 0.7 * Right;
            Text(AtX(x) + (isRight ? -7 : 7), AtY(y) - 5, label, 10, isRight ? "end" : "start");
        }
    }

    /// <summary>A line through points; a null breaks it.</summary>
    public void Line(IReadOnlyList<double> xs, IReadOnlyList<double?> ys, string label, string colour)
    {
        var path = new StringBuilder();
        var open = false;
        for (var i = 0; i < Math.Min(xs.Count, ys.Count); i++)
        {
            if (ys[i] is { } y && double.IsFinite(y))
            {
                path.Append(open ? 'L' : 'M').Append(CultureInfo.InvariantCulture, $"{AtX(xs[i]):0.#} {AtY(y):0.#}");
            }

            open = ys[i] is not null;
        }

        _marks.Append(CultureInfo.InvariantCulture, $"<path d='{path}' fill='none' stroke='{colour}' stroke-width='1.5'><title>{Escape(label)}</title></path>");
    }

    /// <summary>The room between two lines; a place where one of them is not known is left out.</summary>
    public void Band(IReadOnlyList<double> xs, IReadOnlyList<double?> low, IReadOnlyList<double?> high, string colour)
    {
        var known = Enumerable.Range(0, xs.Count).Where(i => low[i] is not null && high[i] is not null).ToList();
        if (known.Count > 1)
        {
            var there = string.Join('L', known.Select(i => string.Create(CultureInfo.InvariantCulture, $"{AtX(xs[i]):0.#} {AtY(high[i]!.Value):0.#}"))); // known
            var back = string.Join('L', known.AsEnumerable().Reverse().Select(i => string.Create(CultureInfo.InvariantCulture, $"{AtX(xs[i]):0.#} {AtY(low[i]!.Value):0.#}"))); // known
            _marks.Append(CultureInfo.InvariantCulture, $"<path d='M{there}L{back}Z' fill='{colour}' fill-opacity='0.15'/>");
        }
    }

    /// <summary>A coloured cell of a map.</summary>
    public void Cell(double x, double y, double width, double height, double value, double greatest)
    {
        var share = greatest > 0 ? Math.Clamp(value / greatest, -1, 1) : 0;
        var (r, g, b) = share >= 0 ? (255 - (int)(200 * share), 255 - (int)(120 * share), 255) : (255, 255 + (int)(140 * share), 255 + (int)(220 * share));
        _marks.Append(CultureInfo.InvariantCulture,
            $"<rect x='{AtX(x):0.#}' y='{AtY(y + height):0.#}' width='{AtX(x + width) - AtX(x):0.##}' height='{AtY(y) - AtY(y + height):0.##}' fill='rgb({r},{g},{b})'><title>{Number(value)}</title></rect>");
    }

    /// <summary>A line of words in the corner, such as where numbers come from.</summary>
    public void Legend(int row, string words, string colour) =>
        _marks.Append(CultureInfo.InvariantCulture, $"<text x='{Right}' y='{Top + 14 * (row + 1)}' font-size='11' text-anchor='end' fill='{colour}'>{Escape(words)}</text>");

    /// <inheritdoc/>
    public override string ToString() => $"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 720 420' font-family='sans-serif'><rect width='720' height='420' fill='white'/>{_marks}</svg>\n";

    private void Text(double x, double y, string words, int size, string anchor) =>
        _marks.Append(CultureInfo.InvariantCulture, $"<text x='{x:0.#}' y='{y:0.#}' font-size='{size}' text-anchor='{anchor}'>{Escape(words)}</text>");

    private double AtX(double x) => Left + (Right - Left) * (x - _x.Least) / (_x.Most - _x.Least);

    private double AtY(double y) => Bottom - (Bottom - Top) * (y - _y.Least) / (_y.Most - _y.Least);

    private static (double, double) Edges(IEnumerable<double> values)
    {
        double[] known = [.. values.Where(double.IsFinite)];
        if (known.Length == 0)
        {
            return (0, 1);
        }

        var (least, most) = (known.Min(), known.Max());
        var room = most > least ? 0.06 * (most - least) : Math.Max(1e-9, Math.Abs(most) * 0.1 + 0.5);
        return (least - room, most + room);
    }

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 100 ? "0" : Math.Abs(value) >= 1 ? "0.##" : "0.####", CultureInfo.InvariantCulture);

    private static string Escape(string words) => System.Security.SecurityElement.Escape(words) ?? "";
}

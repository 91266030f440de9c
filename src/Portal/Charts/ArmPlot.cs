using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace EnergyTTT.Portal.Charts;

/// <summary>
/// Lays out the two arms of a hold-out as paths in a box of 600 x 160: the steered arm is a line that breaks where it was silent, the held-out arm, which
/// runs in short blocks, is a line with a dot for each point.
/// </summary>
public sealed class ArmPlot
{
    private const double Width = 600;
    private const double Height = 160;
    private readonly ImmutableArray<(DateTimeOffset Time, double? Value)> _steered;
    private readonly ImmutableArray<(DateTimeOffset Time, double? Value)> _heldOut;
    private readonly TimeSpan _break;

    /// <summary>Lays out points of any order; null values are gaps.</summary>
    public ArmPlot(IEnumerable<(DateTimeOffset Time, double? Value)> steered, IEnumerable<(DateTimeOffset Time, double? Value)> heldOut)
    {
        _steered = [.. steered.OrderBy(point => point.Time)];
        _heldOut = [.. heldOut.OrderBy(point => point.Time)];
        var all = _steered.Concat(_heldOut).ToList();
        var values = all.Where(point => point.Value is { } value && double.IsFinite(value)).Select(point => point.Value.GetValueOrDefault()).ToList();
        IsEmpty = values.Count == 0;
        if (IsEmpty)
        {
            return;
        }

        (From, To) = (all.Min(point => point.Time), all.Max(point => point.Time));
        var (low, high) = (values.Min(), values.Max());
        var room = Math.Max((high - low) * 0.1, Math.Max(Math.Abs(high) * 0.01, 1e-9));
        (Least, Most) = (low >= 0 ? Math.Max(0, low - room) : low - room, high + room);
        var steps = all.Select(point => point.Time).Distinct().Order().ToList();
        _break = steps.Count > 1 ? 2.5 * TimeSpan.FromTicks(steps.Zip(steps.Skip(1), (a, b) => (b - a).Ticks).Order().ElementAt((steps.Count - 1) / 2)) : TimeSpan.Zero;
    }

    /// <summary>Whether no arm has a value.</summary>
    public bool IsEmpty { get; }

    /// <summary>Time of the left edge.</summary>
    public DateTimeOffset From { get; }

    /// <summary>Time of the right edge.</summary>
    public DateTimeOffset To { get; }

    /// <summary>Value of the lower edge.</summary>
    public double Least { get; }

    /// <summary>Value of the upper edge.</summary>
    public double Most { get; }

    /// <summary>The path of the steered arm.</summary>
    public string Steered => Path(_steered);

    /// <summary>The path of the held-out arm.</summary>
    public string HeldOut => Path(_heldOut);

    /// <summary>The points of the held-out arm.</summary>
    public IEnumerable<(double X, double Y)> HeldOutDots => _heldOut.Where(point => point.Value is not null).Select(point => (X(point.Time), Y(point.Value.GetValueOrDefault())));

    /// <summary>Newest value of the steered arm; null when it has none.</summary>
    public double? LastSteered => Last(_steered);

    /// <summary>Newest value of the held-out arm; null when it has none.</summary>
    public double? LastHeldOut => Last(_heldOut);

    private static double? Last(ImmutableArray<(DateTimeOffset Time, double? Value)> points) => points.LastOrDefault(point => point.Value is not null).Value;

    private double X(DateTimeOffset time) => To == From ? Width / 2 : Width * ((time - From) / (To - From));

    private double Y(double value) => Height - (Height * (value - Least) / (Most - Least));

    private string Path(ImmutableArray<(DateTimeOffset Time, double? Value)> points)
    {
        var path = new StringBuilder();
        DateTimeOffset? before = null;
        foreach (var (time, value) in points)
        {
            if (value is not { } known || !double.IsFinite(known))
            {
                before = null;
                continue;
            }

            // A point alone is a dot, not nothing.
            var joined = before is { } last && time - last <= _break;
            path.Append(CultureInfo.InvariantCulture, $"{(joined ? 'L' : 'M')}{X(time):0.#} {Y(known):0.#}{(joined ? "" : "h0.01")}");
            before = time;
        }

        return path.ToString();
    }
}

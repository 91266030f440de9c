using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Evidence.Blocks;
using EnergyTTT.Evidence.Intervals;
using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Evidence.Savings;

/// <summary>
/// The one definition of "saved": how much less energy per token the treated arm took than the control arm, from pairs of neighbouring blocks. It can only be made by
/// <see cref="Of(PairedBlocks, double, int)"/> or brought back by <see cref="Restore"/>, and both refuse to call anything a saving that no sensor measured.
/// </summary>
public sealed record Saving
{
    /// <summary>How the figure was obtained, in a stable word.</summary>
    public const string PairedBlocksMethod = "paired_blocks_t";

    /// <summary>Pairs below which nothing is concluded.</summary>
    public const int LeastPairs = 6;

    private Saving(double? percent, double? low, double? high, int pairs, string method, Origin origin, Verdict verdict, ImmutableArray<string> reasons) =>
        (Percent, Ci95Low, Ci95High, Pairs, Method, Origin, Verdict, Reasons) = (percent, low, high, pairs, method, origin, verdict, reasons);

    /// <summary>Percent less energy per token, <c>100 (1 - exp(mean d))</c>; negative is more. Null without a pair. Of the given origin: only <see cref="SavedPercent"/> was saved.</summary>
    public double? Percent { get; }

    /// <summary>Lower end of the 95 % interval of <see cref="Percent"/>; null with fewer than two pairs.</summary>
    public double? Ci95Low { get; }

    /// <summary>Upper end of the 95 % interval of <see cref="Percent"/>; null with fewer than two pairs.</summary>
    public double? Ci95High { get; }

    /// <summary>Pairs behind the figure.</summary>
    public int Pairs { get; }

    /// <summary>How the figure was obtained.</summary>
    public string Method { get; }

    /// <summary>The weakest origin among the blocks.</summary>
    public Origin Origin { get; }

    /// <summary>What it says.</summary>
    public Verdict Verdict { get; }

    /// <summary>Codes of <see cref="ReasonCode"/> that qualify the verdict.</summary>
    public ImmutableArray<string> Reasons { get; }

    /// <summary>The percent that may be called saved: null unless measured and significant.</summary>
    public double? SavedPercent => Verdict == Verdict.Saving ? Percent : null;

    /// <summary>
    /// From log ratios d of pairs: <c>percent = 100 (1 - exp(mean d))</c>, its interval from the t-interval of mean d.
    /// </summary>
    /// <param name="blocks">The pairs.</param>
    /// <param name="confidence">Of the interval; 0.95 unless a family of comparisons asks for more.</param>
    /// <param name="leastPairs">Pairs below which the verdict is inconclusive; 2 or more.</param>
    public static Saving Of(PairedBlocks blocks, double confidence = 0.95, int leastPairs = LeastPairs)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentOutOfRangeException.ThrowIfLessThan(leastPairs, 2);
        var origin = blocks.Pairs.IsEmpty ? Origin.Simulated : blocks.Pairs.Max(p => (Origin)Math.Max((int)p.Control.Origin, (int)p.Treated.Origin));
        return Of(blocks.LogRatios.AsSpan(), origin, confidence, leastPairs);
    }

    /// <summary>From log ratios d of one origin, such as those of a modelled comparison.</summary>
    public static Saving Of(ReadOnlySpan<double> logRatios, Origin origin, double confidence = 0.95, int leastPairs = LeastPairs)
    {
        var interval = MeanInterval.TwoSided(logRatios, confidence);
        double? percent = interval.Count > 0 ? Percentage(interval.Mean) : null, low = null, high = null;
        if (interval.Count > 1)
        {
            (low, high) = (Percentage(interval.High), Percentage(interval.Low));
        }

        ImmutableArray<string> reasons = [.. origin > Origin.Measured ? [ReasonCode.NotMeasured] : Array.Empty<string>(), .. interval.Count < leastPairs ? [ReasonCode.TooFewPairs] : Array.Empty<string>()];
        var verdict = interval.Count < leastPairs ? Verdict.Inconclusive
            : origin > Origin.Measured ? Verdict.NotMeasured
            : interval.High < 0 ? Verdict.Saving
            : interval.Low > 0 ? Verdict.Loss : Verdict.NoSignificantSaving;
        return new(percent, low, high, interval.Count, PairedBlocksMethod, origin, verdict, reasons);
    }

    /// <summary>A saving as it was stored.</summary>
    /// <exception cref="ArgumentException">The stored values contradict each other, above all: a verdict of measured things on an origin that was not measured.</exception>
    public static Saving Restore(double? percent, double? ci95Low, double? ci95High, int pairs, string method, Origin origin, Verdict verdict, IEnumerable<string> reasons)
    {
        ArgumentNullException.ThrowIfNull(reasons);
        if (origin > Origin.Measured && (verdict is Verdict.Saving or Verdict.Loss or Verdict.NoSignificantSaving))
        {
            throw new ArgumentException($"a verdict of '{verdict}' on {origin} numbers: only measured ones can save or lose", nameof(verdict));
        }

        if (verdict == Verdict.Saving && !(percent > 0 && ci95Low > 0) || verdict == Verdict.Loss && !(percent < 0 && ci95High < 0))
        {
            throw new ArgumentException($"a verdict of '{verdict}' with {percent} % in [{ci95Low}, {ci95High}]: the interval must lie on its side of 0", nameof(verdict));
        }

        return new(percent, ci95Low, ci95High, pairs, method, origin, verdict, [.. reasons]);
    }

    /// <summary>One sentence, such as "saved 6.1 % (95 % interval 4.7 to 7.5 %, 12 pairs)".</summary>
    public override string ToString() => Verdict switch
    {
        Verdict.Saving => Say($"saved {Percent:0.0} % ({Interval})"),
        Verdict.Loss => Say($"lost {-Percent:0.0} % ({Interval})"),
        Verdict.NoSignificantSaving => Say($"no significant saving ({Interval})"),
        Verdict.NotMeasured => Say($"{Origin.ToString().ToLowerInvariant()} effect of {Percent:0.0} % ({Interval}); nothing was measured"),
        _ => Say($"inconclusive: {Pairs} pairs"),
    };

    private string Interval => Say($"95 % interval {Ci95Low:0.0} to {Ci95High:0.0} %, {Pairs} pairs");

    private static double Percentage(double logRatio) => -100 * double.ExpM1(logRatio);

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

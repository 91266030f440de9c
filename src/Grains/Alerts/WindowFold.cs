using EnergyTTT.History.Alerts;
using EnergyTTT.History.Series;
using EnergyTTT.Wire.Alerts;

namespace EnergyTTT.Grains.Alerts;

/// <summary>Makes one reading of the points of a window. A point that is null says nothing; a window of nothing but such points reads null.</summary>
internal static class WindowFold
{
    /// <summary>The reading of a signal whose window ends before point <paramref name="end"/>.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="rule">The rule: statistic and lengths.</param>
    /// <param name="points">One row of points per metric of the signal.</param>
    /// <param name="end">Exclusive end of the window, in points.</param>
    /// <param name="step">Distance of points.</param>
    /// <param name="gpus">GPUs behind the points.</param>
    public static double? Read(AlertSignal signal, AlertRule rule, IReadOnlyList<double?[]> points, int end, TimeSpan step, int gpus)
    {
        var length = Math.Max(1, (int)(TimeSpan.FromSeconds(rule.WindowSeconds) / step));
        var start = Math.Max(0, end - length);
        switch (signal.Source)
        {
            case AlertSource.Share:
                double? seconds = null;
                foreach (var metric in points)
                {
                    seconds = Sum(metric.AsSpan(start..end)) is { } part ? (seconds ?? 0) + part : seconds;
                }

                return seconds is { } held ? Math.Min(1, held / (step.TotalSeconds * (end - start) * Math.Max(1, gpus))) : null;

            case AlertSource.Regression:
                var baseline = Math.Max(1, (int)(Baseline(rule) / step));
                var before = Quotient(points, Math.Max(0, start - baseline), start);
                return Quotient(points, start, end) is { } now && before > 0 ? (now / before) - 1 : null;

            default:
                return signal.Metrics[0].Kind == MetricKind.Quotient ? Quotient(points, start, end) : Fold(signal.Metrics[0].Kind, rule.Statistic, points[0].AsSpan(start..end));
        }
    }

    /// <summary>The past that a regression is compared with.</summary>
    public static TimeSpan Baseline(AlertRule rule) => TimeSpan.FromSeconds(rule.BaselineSeconds ?? 3_600);

    private static double? Fold(MetricKind kind, AlertStatistic statistic, ReadOnlySpan<double?> values)
    {
        double sum = 0, least = double.PositiveInfinity, most = double.NegativeInfinity;
        var count = 0;
        foreach (var value in values)
        {
            if (value is { } known)
            {
                (sum, least, most, count) = (sum + known, Math.Min(least, known), Math.Max(most, known), count + 1);
            }
        }

        return count == 0 ? null : (statistic, kind) switch
        {
            (AlertStatistic.Minimum, _) => least,
            (AlertStatistic.Maximum, _) or (AlertStatistic.Natural, MetricKind.Peak) => most,
            (AlertStatistic.Natural, MetricKind.Amount) => sum,
            _ => sum / count,
        };
    }

    private static double? Sum(ReadOnlySpan<double?> values) => Fold(MetricKind.Amount, AlertStatistic.Natural, values);

    // Quotients of points are weighted by their denominators: the first row is joules per token, the second tokens.
    private static double? Quotient(IReadOnlyList<double?[]> points, int start, int end)
    {
        double joules = 0, tokens = 0;
        for (var i = start; i < end; i++)
        {
            if (points[0][i] is { } quotient && points[1][i] is { } weight)
            {
                (joules, tokens) = (joules + (quotient * weight), tokens + weight);
            }
        }

        return tokens > 0 ? joules / tokens : null;
    }
}

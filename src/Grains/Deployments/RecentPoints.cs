using System.Collections.Immutable;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Deployments;

/// <summary>Joules per token and distinct experts of the last minutes, by arm, for people who watch.</summary>
internal sealed class RecentPoints(TimeSpan step, int kept)
{
    private readonly Dictionary<(long Slot, SteeringArm Arm), Sums> _sums = [];

    public void Add(ChunkFeedback feedback, double? joules, DateTimeOffset time)
    {
        var key = (time.UtcTicks / step.Ticks, feedback.Arm);
        var sums = _sums.TryGetValue(key, out var known) ? known : _sums[key] = new Sums();
        sums.Tokens += feedback.Tokens;
        if (joules is { } spent)
        {
            sums.Joules += spent;
            sums.JouleTokens += feedback.Tokens;
        }

        foreach (var layer in feedback.Layers)
        {
            Weigh(ref sums.Distinct, ref sums.DistinctTokens, layer.DistinctExpertsMean, feedback.Tokens);
            Weigh(ref sums.Mass, ref sums.MassTokens, layer.RetainedMassMean, feedback.Tokens);
        }

        foreach (var old in _sums.Keys.Where(slot => slot.Slot <= key.Item1 - kept).ToList())
        {
            _sums.Remove(old);
        }
    }

    public ImmutableArray<SteeringPoint> Points =>
    [
        .. _sums.OrderBy(pair => pair.Key.Slot).ThenBy(pair => pair.Key.Arm).Select(pair => new SteeringPoint(
            new DateTimeOffset((pair.Key.Slot + 1) * step.Ticks, TimeSpan.Zero),
            pair.Key.Arm,
            pair.Value.Tokens,
            Mean(pair.Value.Joules, pair.Value.JouleTokens),
            Mean(pair.Value.Distinct, pair.Value.DistinctTokens),
            Mean(pair.Value.Mass, pair.Value.MassTokens))),
    ];

    private static void Weigh(ref double sum, ref double weight, double? value, long tokens)
    {
        if (value is { } known)
        {
            sum += known * tokens;
            weight += tokens;
        }
    }

    private static double? Mean(double sum, double weight) => weight > 0 ? sum / weight : null;

    private sealed class Sums
    {
        public double Distinct;
        public double DistinctTokens;
        public double Joules;
        public double JouleTokens;
        public double Mass;
        public double MassTokens;
        public long Tokens;
    }
}

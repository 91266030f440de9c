using EnergyTTT.Contracts.Routers;
using EnergyTTT.History.Routers;
using EnergyTTT.Routing.FastWeights;

namespace EnergyTTT.Grains.Routers;

/// <summary>Compares what two snapshots remember.</summary>
internal static class SnapshotDistance
{
    /// <summary>The comparison; null when either blob is not one of the router's shape.</summary>
    public static SnapshotComparison? Of(RouterSnapshot left, RouterSnapshot right, FastWeightShape shape)
    {
        if (FastWeightBlob.Read(left.Weights, shape).State is not { } a || FastWeightBlob.Read(right.Weights, shape).State is not { } b)
        {
            return null;
        }

        FastWeightSidecar one = FastWeightSidecar.Parse(left.Entry.Sidecar), other = FastWeightSidecar.Parse(right.Entry.Sidecar);
        double apart = 0, length = 0;
        foreach (var (mine, theirs) in new[] { (a.Gates, b.Gates), (a.Ups, b.Ups), (a.Outputs, b.Outputs) })
        {
            for (var i = 0; i < mine.Length; i++)
            {
                apart += Math.Pow(mine[i] - theirs[i], 2);
                length += (double)mine[i] * mine[i];
            }
        }

        var bias = one.IntegralBias.Zip(other.IntegralBias, (x, y) => Math.Abs(x - y)).DefaultIfEmpty(0).Max();
        return new(
            left.Entry.Number, right.Entry.Number, left.Entry.Step, right.Entry.Step, other.TokensSeen - one.TokensSeen, length > 0 ? Math.Sqrt(apart / length) : 0,
            one.Gamma, other.Gamma, bias, one.ModelRevision == other.ModelRevision);
    }
}

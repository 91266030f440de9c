using EnergyTTT.Routing.FastWeights;

namespace EnergyTTT.Routing.Learning;

/// <summary>
/// Watches the measured objective (joules per token) from update to update. Two increases in a row mean that learning does harm: back to the last weights that were followed by an
/// improvement. Not thread-safe.
/// </summary>
internal sealed class RollbackGuard
{
    private double _sum;
    private int _windows;

    /// <summary>Mean objective of the period before the last; null before the first.</summary>
    public double? Last { get; private set; }

    /// <summary>Increases in a row.</summary>
    public int Increases { get; private set; }

    /// <summary>Weights to go back to; null = as the network began.</summary>
    public FastWeightState? Promoted { get; private set; }

    /// <summary>Takes the objective of a window; null or not finite is no opinion.</summary>
    public void Observe(double? objective)
    {
        if (objective is not { } value || !double.IsFinite(value))
            return;
        _sum += value;
        _windows++;
    }

    /// <summary>Closes a period, before an update. True: roll back instead of updating.</summary>
    /// <param name="current">The weights that the period ran with.</param>
    public bool Close(Func<FastWeightState> current)
    {
        if (_windows == 0)
            return false;
        var mean = _sum / _windows;
        (_sum, _windows) = (0, 0);
        if (Last is { } last && mean > last)
        {
            Increases++;
        }
        else
        {
            Increases = 0;
            Promoted = current();
        }

        Last = mean;
        if (Increases < 2)
            return false;
        Increases = 0;
        return true;
    }

    /// <summary>Starts anew from weights that somebody chose: what was measured before says nothing about them.</summary>
    public void Begin(FastWeightState weights) => Restore((0, 0, null, 0, weights));

    public (double Sum, int Windows, double? Last, int Increases, FastWeightState? Promoted) Snapshot() => (_sum, _windows, Last, Increases, Promoted);

    public void Restore((double Sum, int Windows, double? Last, int Increases, FastWeightState? Promoted) state) =>
        (_sum, _windows, Last, Increases, Promoted) = state;
}

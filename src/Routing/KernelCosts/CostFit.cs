namespace EnergyTTT.Routing.KernelCosts;

/// <summary>A fitted coefficient with the half-width of its 95 % interval, both in the unit of the coefficient.</summary>
public readonly record struct Coefficient(double Value, double Ci95)
{
    /// <summary>Whether the interval excludes 0 on the positive side.</summary>
    public bool IsPositive => Value - Ci95 > 0;

    internal Coefficient Times(int factor) => new(Value * factor, Ci95 * factor);
}

/// <summary>
/// The linear energy model of one layer: <c>E = fixed + a U + c S</c> and <c>t = t0 + alpha U + beta S</c>, with U distinct experts and S = tokens x top-k slots.
/// </summary>
/// <param name="ActivationJoules">a: joules of reading one expert's weights once.</param>
/// <param name="SlotJoules">c: joules of one token on one expert.</param>
/// <param name="FixedJoules">Joules of an execution that touches nothing.</param>
/// <param name="ActivationMilliseconds">alpha: milliseconds per distinct expert.</param>
/// <param name="SlotMilliseconds">beta: milliseconds per token slot.</param>
/// <param name="FixedMilliseconds">t0: milliseconds of an execution that touches nothing.</param>
/// <param name="IdleWatts">Power while nothing is read or multiplied: fixed joules over fixed time, with its interval.</param>
/// <param name="Determination">Weighted coefficient of determination of the energy, 0 to 1.</param>
/// <param name="Points">Rows behind the fit.</param>
/// <param name="Source">The weakest source among the rows.</param>
public sealed record CostFit(
    Coefficient ActivationJoules, Coefficient SlotJoules, Coefficient FixedJoules, Coefficient ActivationMilliseconds, Coefficient SlotMilliseconds, Coefficient FixedMilliseconds,
    Coefficient IdleWatts, double Determination, int Points, KernelCostSource Source)
{
    /// <summary><c>E = fixed + a U + c S</c> in joules of one layer.</summary>
    public double Energy(double distinctExperts, double slots) => FixedJoules.Value + ActivationJoules.Value * distinctExperts + SlotJoules.Value * slots;

    /// <summary><c>t = t0 + alpha U + beta S</c> in milliseconds of one layer.</summary>
    public double Latency(double distinctExperts, double slots) => FixedMilliseconds.Value + ActivationMilliseconds.Value * distinctExperts + SlotMilliseconds.Value * slots;

    /// <summary>The same model of several equal layers taken as one: joules and milliseconds count as many times.</summary>
    /// <param name="layers">1 or more.</param>
    public CostFit Times(int layers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers);
        return layers == 1 ? this : this with
        {
            ActivationJoules = ActivationJoules.Times(layers), SlotJoules = SlotJoules.Times(layers), FixedJoules = FixedJoules.Times(layers),
            ActivationMilliseconds = ActivationMilliseconds.Times(layers), SlotMilliseconds = SlotMilliseconds.Times(layers), FixedMilliseconds = FixedMilliseconds.Times(layers),
        };
    }

    /// <summary>The share of the layer's energy that reading experts takes, <c>a U / E</c>: the ceiling of what fewer experts can save. 0 to 1.</summary>
    public double ActivationShare(double distinctExperts, double slots) => Energy(distinctExperts, slots) is > 0 and var energy ? Math.Clamp(ActivationJoules.Value * distinctExperts / energy, 0, 1) : 0;
}

namespace EnergyTTT.History.Series;

/// <summary>One quantity that can be asked for as a series.</summary>
/// <param name="Name">Its name at the edge: the field of a frame in snake_case, or a derived name such as <c>energy_kwh</c>.</param>
/// <param name="Unit">UCUM unit: <c>J</c>, <c>W</c>, <c>Cel</c>, <c>1</c>, <c>By</c>, <c>Hz</c>, <c>s</c>, <c>{token}</c>, <c>kW.h</c>, <c>J/{token}</c>.</param>
/// <param name="Kind">How readings combine.</param>
/// <param name="Description">One sentence for a person.</param>
/// <param name="Derived">False: a field of a frame. True: computed from several or scaled.</param>
public sealed record Metric(string Name, string Unit, MetricKind Kind, string Description, bool Derived = false)
{
    /// <summary>The number under which the statement knows it.</summary>
    internal int Code { get; init; }

    /// <summary>What a value of the statement is multiplied by.</summary>
    internal double Scale { get; init; } = 1;
}

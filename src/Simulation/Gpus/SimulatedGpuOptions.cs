namespace EnergyTTT.Simulation.Gpus;

/// <summary>
/// The physics of one simulated GPU. Defaults are fitted to the recorded H100 (docs/decisions/0080): <c>T = coolant + airflow * sum_i R_i lp(P, tau_i)</c>, mean error 1.5 °C over
/// the 326 s of the trace.
/// </summary>
public sealed record SimulatedGpuOptions
{
    /// <summary>Watts of a card that runs nothing but is awake, as recorded after load.</summary>
    public double IdleWatts { get; init; } = 132;

    /// <summary>Power cap in watts. A card that would take more runs slower.</summary>
    public double PowerLimitWatts { get; init; } = 700;

    /// <summary>Die temperature of the coolant's side when nothing is dissipated and the rack's air is at its supply temperature, °C.</summary>
    public double CoolantCelsius { get; init; } = 39.9;

    /// <summary>Fast resistance, °C per watt: the die jumps within a second.</summary>
    public double FastCelsiusPerWatt { get; init; } = 0.0212;

    /// <summary>Time constant of the fast pole, seconds.</summary>
    public double FastSeconds { get; init; } = 0.3;

    /// <summary>Slow resistance, °C per watt: heat sink.</summary>
    public double SlowCelsiusPerWatt { get; init; } = 0.0277;

    /// <summary>Time constant of the slow pole, seconds.</summary>
    public double SlowSeconds { get; init; } = 16;

    /// <summary>Multiplies both resistances: 1 is the recorded card, more is worse airflow. 0.5 to 3.</summary>
    public double Airflow { get; init; } = 1;

    /// <summary>Die temperature at which the clocks are slowed for heat, °C.</summary>
    public double SlowdownCelsius { get; init; } = 87;

    /// <summary>Degrees below <see cref="SlowdownCelsius"/> at which full clocks come back.</summary>
    public double RecoveryCelsius { get; init; } = 3;

    /// <summary>Share of the full clock while slowed for heat, above 0 to 1.</summary>
    public double SlowdownClock { get; init; } = 0.6;
}

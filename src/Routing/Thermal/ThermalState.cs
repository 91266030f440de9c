namespace EnergyTTT.Routing.Thermal;

/// <summary>How hot a GPU is for the purposes of routing, in rising order. <see cref="Throttling"/> needs a reported throttle reason, no temperature.</summary>
public enum ThermalState
{
    /// <summary>Below the warm threshold.</summary>
    Cool = 0,

    /// <summary>Above the cool threshold, below hot.</summary>
    Warm = 1,

    /// <summary>Near the slowdown threshold.</summary>
    Hot = 2,

    /// <summary>At the slowdown threshold: the fleet should also recommend a lower power cap or less admission.</summary>
    Critical = 3,

    /// <summary>Hardware or driver is slowing the clocks for heat.</summary>
    Throttling = 4,
}

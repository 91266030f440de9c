namespace EnergyTTT.Simulation.Placements;

/// <summary>How the terms of a placement weigh against each other.</summary>
public sealed record AffinityPlacementOptions
{
    /// <summary>Distinct experts per layer that a request unlike everything there would add; a request like what is there adds none. 0 switches affinity off. Default 6.</summary>
    public double ExpertsOfAStranger { get; init; } = 6;

    /// <summary>Experts' worth of a replica that holds twice its share; the penalty grows with the excess and shrinks below the share. Default 1.</summary>
    public double QueuePenalty { get; init; } = 1;

    /// <summary>Experts' worth of one unit of the thermal shadow price (0 to 2). 0 switches heat off. Default 2.</summary>
    public double HeatPenalty { get; init; } = 2;

    /// <summary>No replica takes more than this share above the mean load. Default 0.5.</summary>
    public double LoadBound { get; init; } = 0.5;

    /// <summary>Die temperature that the policy aims at, °C. Default 65.</summary>
    public double LimitCelsius { get; init; } = 65;
}

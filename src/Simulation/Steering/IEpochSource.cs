using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Simulation.Steering;

/// <summary>Where a simulated engine finds the epoch in force: steering in the same process, or what a server answered last.</summary>
public interface IEpochSource
{
    /// <summary>The epoch that counts for a deployment now; null is none. Called once per interval and replica; does not wait.</summary>
    SteeringEpoch? Current(string deployment, DateTimeOffset now);
}

using EnergyTTT.Client.Epochs;

namespace EnergyTTT.Simulation.Steering;

/// <summary>Where a simulated engine finds the epoch in force: steering in the same process, or what a server answered last.</summary>
public interface IEpochSource
{
    /// <summary>The epoch that counts for a deployment now; number 0 is none. Called once per interval and deployment; does not wait.</summary>
    EpochInForce Current(string deployment);
}

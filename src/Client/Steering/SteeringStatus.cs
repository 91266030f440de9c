using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Client.Steering;

/// <summary>How steering is doing, for logs and health pages.</summary>
/// <param name="Epoch">The epoch in force; 0 is none.</param>
/// <param name="Arm">Which side of the hold-out runs.</param>
/// <param name="Steers">Whether selectors do something else than plain top-k.</param>
/// <param name="Posted">Chunks that the server has acknowledged.</param>
/// <param name="Waiting">Chunks that wait to be posted.</param>
/// <param name="Dropped">Chunks lost because the server was away for longer than the outbox reaches.</param>
/// <param name="Refused">Chunks that the server refused for good.</param>
/// <param name="Retried">Calls that were made again.</param>
/// <param name="Receipts">Receipts of applied epochs that the server has.</param>
/// <param name="Expired">How often an epoch ran out without news.</param>
/// <param name="LastProblem">The last thing that went wrong; null when nothing has.</param>
public sealed record SteeringStatus(
    long Epoch, SteeringArm Arm, bool Steers, long Posted, int Waiting, long Dropped, long Refused, long Retried, long Receipts, long Expired, Exception? LastProblem);

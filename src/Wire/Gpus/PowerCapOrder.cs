using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Wire.Gpus;

/// <summary>What policy says about the power of a host's GPUs, as answered by <c>GET /v1/hosts/{host}/power-cap</c>.</summary>
/// <param name="Host">The host.</param>
/// <param name="Mode">Whether the cap is only advised, or to be written where the agent's own configuration allows it too.</param>
/// <param name="Ratio">The cap as a share of each card's greatest limit, above 0 to 1; 1 is no cap.</param>
/// <param name="PolicyVersion">The greatest version along the chain of scopes; 0 while only defaults are in effect.</param>
/// <param name="Windows">The names of the windows that are open, with ", " between them; empty when none is.</param>
/// <param name="ValidSeconds">After this long without another answer the order has ended.</param>
public sealed record PowerCapOrder(string Host, PowerCapMode Mode, double Ratio, long PolicyVersion, string Windows, double ValidSeconds);

/// <summary>What became of a power cap on one GPU, as its agent tells it.</summary>
/// <param name="State"><c>advised</c> (nothing was written), <c>enforced</c> (written, and read back from the card) or <c>refused</c>.</param>
/// <param name="Watts">The cap in watts; null when it cannot be said, because the card does not tell its greatest limit.</param>
/// <param name="Reason">Why it is not enforced, or null.</param>
/// <param name="PolicyVersion">The version that asked for it.</param>
public sealed record PowerCapState(string State, double? Watts = null, string? Reason = null, long PolicyVersion = 0)
{
    /// <summary>Nothing was written.</summary>
    public const string Advised = "advised";

    /// <summary>Written, and read back from the card.</summary>
    public const string Enforced = "enforced";

    /// <summary>To be enforced, but not: the reason says why.</summary>
    public const string Refused = "refused";
}

namespace EnergyTTT.Telemetry.PowerCaps;

/// <summary>What the helper for power caps may do to a host's cards, and nothing else.</summary>
internal interface ICappedCards : IDisposable
{
    /// <summary>The limits of a card in watts; null with the reason when it cannot be asked.</summary>
    CardLimits? Read(string gpu, out string reason);

    /// <summary>Sets a card's limit; null when done, else the reason.</summary>
    string? Set(string gpu, double watts);
}

/// <summary>The limits of a card, watts.</summary>
/// <param name="Configured">What was set last.</param>
/// <param name="Enforced">What the card holds now.</param>
/// <param name="Least">The least that it accepts.</param>
/// <param name="Greatest">The greatest that it accepts.</param>
internal sealed record CardLimits(double Configured, double Enforced, double Least, double Greatest);

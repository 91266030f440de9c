namespace EnergyTTT.Wire.Runs;

/// <summary>
/// A whole run: what a GPU host without network writes to a file and a server imports later. <see cref="RunBundleFile"/> makes it bytes, such that one changed byte is refused.
/// </summary>
public sealed record RunBundle
{
    /// <summary>The version of this shape.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Always <see cref="CurrentSchema"/> in this version.</summary>
    public required int Schema { get; init; }

    /// <summary>What the run is.</summary>
    public required RunDescription Run { get; init; }

    /// <summary>Its arms, in the order of its tables; the first is the control.</summary>
    public required IReadOnlyList<RunArm> Arms { get; init; }

    /// <summary>Its trials in the order in which they ran.</summary>
    public required IReadOnlyList<RunTrial> Trials { get; init; }

    /// <summary>Pairs of arms that were compared.</summary>
    public required IReadOnlyList<RunComparison> Comparisons { get; init; }

    /// <summary>Traces and curves.</summary>
    public IReadOnlyList<RunSeries> Series { get; init; } = [];

    /// <summary>How the joules were measured; null while running, and when it ended before its first window.</summary>
    public RunReceipt? Receipt { get; init; }

    /// <summary>SHA-256 over the canonical JSON of the receipt, lower-case hexadecimal; null without a receipt.</summary>
    public string? ReceiptSha256 { get; init; }
}

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>
/// A cost table with its linear fit: answers what an operation costs, interpolating between measured points and refusing to guess far outside them. Immutable and thread-safe.
/// </summary>
public sealed class KernelCostModel
{
    private readonly KernelCostOptions _options;
    private readonly Dictionary<string, CostGrid> _grids;

    /// <summary>Takes rows that have passed the unit check.</summary>
    /// <exception cref="ArgumentException">There is no row, or a row fails the unit check.</exception>
    public KernelCostModel(IEnumerable<KernelCostRecord> records, KernelCostOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(records);
        _options = options ?? new();
        Records = [.. records];
        if (Records.Count == 0)
        {
            throw new ArgumentException("a cost table needs at least one row; none was given or all were rejected", nameof(records));
        }

        var faults = Records.Select((r, i) => (i, Fault: UnitCheck.Explain(r.EnergyJoules, r.LatencyMilliseconds, r.PowerLimitWatts))).Where(x => x.Fault is not null).ToList();
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", faults.Select(f => $"row {f.i}: {f.Fault}")), nameof(records));
        }

        _grids = Records.GroupBy(r => r.Operation).ToDictionary(g => g.Key, g => new CostGrid(g), StringComparer.Ordinal);
        Fit = CostFitter.TryFit(Records.Where(r => r.Operation == MoeBlock).ToList(), _options, out var fit, out var refusal) ? fit : null;
        FitRefusal = refusal;
    }

    /// <summary>The operation name of a whole MoE block: gather, expert products, scatter; gate excluded.</summary>
    public const string MoeBlock = "moe_block";

    /// <summary>The rows.</summary>
    public IReadOnlyList<KernelCostRecord> Records { get; }

    /// <summary>The linear fit of <see cref="MoeBlock"/>; null when there were too few rows or R2 was below the bound, see <see cref="FitRefusal"/>.</summary>
    public CostFit? Fit { get; }

    /// <summary>Why there is no fit; null when there is.</summary>
    public string? FitRefusal { get; }

    /// <summary>The weakest source among the rows.</summary>
    public KernelCostSource Source => Records.Max(r => r.Source);

    /// <summary>Whether savings computed with this table may be claimed: only when every row was measured.</summary>
    public bool EligibleForClaims => Source == KernelCostSource.Nvml;

    /// <summary>Names the table by content: the first 16 hexadecimal digits of a SHA-256 over its rows.</summary>
    public string CalibrationId { get; init; } = "";

    /// <summary>Reads a table from a file in any of the formats of <see cref="KernelCostFile"/>.</summary>
    /// <exception cref="FormatException">The file is in none of the formats, or no row is usable; the message lists what is wrong.</exception>
    public static KernelCostModel FromFile(string path, KernelCostOptions? options = null)
    {
        using var stream = File.OpenRead(path);
        return KernelCostFile.Read(stream, path).ToModel(options);
    }

    /// <summary>
    /// What one execution costs: linear in distinct experts within a batch size, then linear in tokens between batch sizes.
    /// </summary>
    /// <param name="operation">The operation, such as <see cref="MoeBlock"/>.</param>
    /// <param name="tokens">Tokens in the batch, above 0.</param>
    /// <param name="distinctExperts">Distinct experts; null for operations without experts.</param>
    public CostEstimate Estimate(string operation, double tokens, double? distinctExperts = null) =>
        _grids.TryGetValue(operation, out var grid)
            ? grid.Estimate(operation, tokens, distinctExperts, _options.GreatestExtrapolation)
            : new(null, null, CostCoverage.Refused, Source, $"no rows for operation '{operation}' in the cost table; it has {string.Join(", ", _grids.Keys.Order(StringComparer.Ordinal))}");
}

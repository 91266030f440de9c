using System.Collections.Immutable;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Deployments;

/// <summary>
/// The kernel cost tables that deployments may name: the one measured on an H100 that the product ships, and every <c>*.json</c> in the
/// folder <c>cost-tables</c> of the data folder. Read once, at start.
/// </summary>
public sealed class CostTables
{
    /// <summary>The name of the table that the product ships.</summary>
    public const string Shipped = "h100-80gb-hbm3-bf16";

    private readonly ImmutableSortedDictionary<string, KernelCostModel> _tables;

    /// <summary>Takes the tables by name.</summary>
    public CostTables(IEnumerable<KeyValuePair<string, KernelCostModel>> tables) => _tables = tables.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>The names, in order.</summary>
    public IReadOnlySet<string> Names => _tables.Keys.ToImmutableSortedSet(StringComparer.Ordinal);

    /// <summary>The table of a name; null for null or an unknown name.</summary>
    public KernelCostModel? Find(string? name) => name is not null && _tables.TryGetValue(name, out var table) ? table : null;

    /// <summary>What one reported layer of a deployment costs, all layers that it stands for; null without a table.</summary>
    public CostFit? FitOf(DeploymentDescription deployment)
    {
        ArgumentNullException.ThrowIfNull(deployment);
        return Find(deployment.CostTable)?.Fit?.Times(deployment.LayerRepeat ?? 1);
    }

    /// <summary>Reads the shipped table and those of a folder, which may not exist.</summary>
    /// <exception cref="FormatException">A file is no cost table; the message names it.</exception>
    public static CostTables Read(string shippedFile, string? folder)
    {
        var tables = new Dictionary<string, KernelCostModel>(StringComparer.Ordinal) { [Shipped] = KernelCostModel.FromFile(shippedFile) };
        if (folder is not null && Directory.Exists(folder))
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
            {
                tables[Path.GetFileNameWithoutExtension(file)] = KernelCostModel.FromFile(file);
            }
        }

        return new CostTables(tables);
    }
}

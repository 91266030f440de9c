using EnergyTTT.History.Runs;
using EnergyTTT.Portal.Runs;
using EnergyTTT.Wire.Runs;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Runs;

/// <summary>One run: what was compared, its arms, its charts, its receipt and its trials. While it runs, they come as they are recorded.</summary>
public partial class RunDetailPage
{
    private RunRecord? _settled;

    /// <summary>Who is asked.</summary>
    [Inject] public required IRunSource Source { get; set; }

    /// <summary>The run's identity, from the address.</summary>
    [Parameter] public string Id { get; set; } = "";

    /// <inheritdoc/>
    protected override async Task<RunRecord?> Ask(CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(Id, out var id))
        {
            return null;
        }

        // A settled run never changes.
        if (_settled?.Bundle.Run.Id == id)
        {
            return _settled;
        }

        var record = await Source.Find(id, cancellationToken);
        _settled = record is { Settled: true } ? record : null;
        return record;
    }

    private static XyPlot Pairs(IEnumerable<RunComparison> comparisons) => XyPlot.Of(comparisons.Select(it => (
        it.Treated,
        (IReadOnlyList<double>)[.. Enumerable.Range(1, it.LogRatios.Count).Select(pair => (double)pair)],
        (IReadOnlyList<double?>)[.. it.LogRatios.Select(ratio => (double?)(-100 * double.ExpM1(ratio)))])), withZero: true);

    private static XyPlot Experts(IEnumerable<RunArm> arms) => XyPlot.Of(arms.GroupBy(arm => arm.Strategy).Select(of =>
    {
        var ordered = of.OrderBy(arm => arm.BatchSize).ToList();
        return (of.Key, (IReadOnlyList<double>)[.. ordered.Select(arm => (double)arm.BatchSize)], (IReadOnlyList<double?>)[.. ordered.Select(arm => arm.DistinctExperts)]);
    }));
}

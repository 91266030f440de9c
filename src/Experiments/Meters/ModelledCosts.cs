using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Learning;

namespace EnergyTTT.Experiments.Meters;

/// <summary>
/// The measured cost table of a real GPU applied to the routing of a real model: what the blocks of experts would take there. Its joules are <c>modelled</c>: attention, embeddings and idle time are not in them.
/// </summary>
public sealed class ModelledCosts
{
    private readonly KernelCostModel _model;
    private readonly Dictionary<(int, int), (double Joules, double Seconds)?> _known = [];

    /// <summary>Takes a table.</summary>
    /// <exception cref="ArgumentException">The table has no fit of the block of experts.</exception>
    public ModelledCosts(KernelCostModel model)
    {
        _model = model ?? throw new ArgumentNullException(nameof(model));
        Fit = model.Fit ?? throw new ArgumentException($"the cost table has no fit of '{KernelCostModel.MoeBlock}': {model.FitRefusal}", nameof(model));
    }

    /// <summary>The linear fit, of which prices are made.</summary>
    public CostFit Fit { get; }

    /// <summary>Names the table.</summary>
    public string CalibrationId => _model.CalibrationId;

    /// <summary>The table that ships with the product: one H100, 128 experts of 768 by 2048.</summary>
    public static ModelledCosts OfTheProduct()
    {
        using var stream = typeof(ModelledCosts).Assembly.GetManifestResourceStream("h100_moe_cost.json") ?? throw new InvalidOperationException("the cost table is missing from the assembly");
        return new(KernelCostFile.Read(stream, "h100_moe_cost.json").ToModel());
    }

    /// <summary>Costs of experts for the learners.</summary>
    public ExpertCosts Experts(int experts) => ExpertCosts.From(Fit, experts, CalibrationId);

    /// <summary>Joules and seconds of one layer of one step; null where the table does not reach so far.</summary>
    /// <param name="tokens">N.</param>
    /// <param name="distinct">U.</param>
    public (double Joules, double Seconds)? Layer(int tokens, int distinct)
    {
        if (!_known.TryGetValue((tokens, distinct), out var cost))
        {
            var estimate = _model.Estimate(KernelCostModel.MoeBlock, tokens, distinct);
            _known[(tokens, distinct)] = cost = estimate is { EnergyJoules: { } joules, LatencyMilliseconds: { } milliseconds } ? (joules, milliseconds / 1000) : null;
        }

        return cost;
    }
}

using EnergyTTT.Selection.Batches;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Rows;

namespace EnergyTTT.Selection.Selectors;

/// <summary>
/// Chooses the experts of every token of a batch: the bias of an epoch counts for the choice only, the weights come from the unbiased
/// scores of the chosen set, and no token ever keeps less than its guarded share of gate mass.
/// </summary>
/// <remarks>
/// One selector belongs to one layer and one thread: it keeps scratch memory, grows it when a batch is larger than any before, and
/// allocates nothing otherwise. Calls do not depend on each other. Logits that are NaN or at most -3.4e38 are masks: such an expert
/// scores 0 and comes last. Ties go to the lower index.
/// </remarks>
public sealed class Selector
{
    /// <summary>In the place of an expert: this slot is not used (a batch-aware step left the token with fewer than k experts); its weight is 0.</summary>
    public const int Unused = -1;

    private readonly TimeProvider _clock;
    private readonly TokenChooser _chooser;
    private readonly SelectionEpoch _baseline;
    private readonly int[] _counts;
    private double[] _retained = [];
    private readonly float[] _row;
    private BatchRows? _rows;
    private Consolidation? _consolidation;
    private Activation? _activation;

    /// <summary>Builds the selector of one layer.</summary>
    /// <param name="shape">What the gate looks like.</param>
    /// <param name="clock">Tells when an epoch expires; the system's clock when left out.</param>
    /// <param name="trainedBias">The bias that the model was trained with [experts], in the space of <paramref name="shape"/>: part of the plain gate. Empty when it has none.</param>
    /// <exception cref="ArgumentException">The trained bias has another length, or is not finite.</exception>
    public Selector(SelectorShape shape, TimeProvider? clock = null, ReadOnlySpan<float> trainedBias = default)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Shape = shape;
        _clock = clock ?? TimeProvider.System;
        _chooser = new TokenChooser(shape, trainedBias);
        _baseline = SelectionEpoch.Baseline(shape);
        _counts = new int[shape.Experts];
        _row = new float[3 * Row.Length(shape.Experts)];
    }

    /// <summary>What the gate looks like.</summary>
    public SelectorShape Shape { get; }

    /// <summary>Why this selector cannot apply an epoch, or null when it can.</summary>
    public string? Refusal(SelectionEpoch epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        if (epoch.Bias.Length != Shape.Experts)
        {
            return $"Epoch {epoch.Number} has a bias for {epoch.Bias.Length} experts, the gate has {Shape.Experts}.";
        }

        if (epoch.BiasSpace != Shape.BiasSpace)
        {
            return $"Epoch {epoch.Number} gives its bias in the space '{epoch.BiasSpace.Name()}', this gate adds it in '{Shape.BiasSpace.Name()}': ask the router for that space.";
        }

        return null;
    }

    /// <summary>Chooses experts and weights for logits of shape [batch, sequence, experts]; the same as [batch * sequence, experts].</summary>
    /// <inheritdoc cref="Select(ReadOnlySpan{float}, int, SelectionEpoch, Span{int}, Span{float})"/>
    public SelectionStatistics Select(ReadOnlySpan<float> logits, int batch, int sequence, SelectionEpoch epoch, Span<int> experts, Span<float> weights)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);

        return Select(logits, checked(batch * sequence), epoch, experts, weights);
    }

    /// <summary>Chooses experts and weights for every token of one batch.</summary>
    /// <param name="logits">z [tokens, experts], the gate's own logits.</param>
    /// <param name="tokens">N, at least 0.</param>
    /// <param name="epoch">The instruction in force; once expired it counts for nothing.</param>
    /// <param name="experts">Receives [tokens, k] expert indices, best first; <see cref="Unused"/> fills a slot that a batch-aware step emptied.</param>
    /// <param name="weights">Receives [tokens, k] weights, from the unbiased scores of the chosen set.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">A span has another length than the shape asks for, or the epoch does not fit (see <see cref="Refusal"/>).</exception>
    public SelectionStatistics Select(ReadOnlySpan<float> logits, int tokens, SelectionEpoch epoch, Span<int> experts, Span<float> weights)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        Require(logits.Length, tokens, Shape.Experts, nameof(logits));
        Require(experts.Length, tokens, Shape.TopK, nameof(experts));
        Require(weights.Length, tokens, Shape.TopK, nameof(weights));
        if (Refusal(epoch) is { } refusal)
        {
            throw new ArgumentException(refusal, nameof(epoch));
        }

        var fellBack = epoch.ExpiresAt is not null && epoch.IsExpired(_clock.GetUtcNow());
        var applied = fellBack ? _baseline : epoch;
        if (_retained.Length < tokens)
        {
            _retained = new double[tokens];
        }

        _chooser.Use(applied);
        _chooser.KeepsKeys = applied.BatchStep.Kind != BatchStepKind.None;
        var retained = _retained.AsSpan(0, tokens);
        var outcome = applied.BatchStep.Kind == BatchStepKind.None
            ? ChooseEach(logits, experts, weights, retained)
            : ChooseTogether(logits, tokens, applied, experts, weights, retained);

        return Summarise(tokens, applied, fellBack, outcome, experts, retained);
    }

    private ChoiceOutcome ChooseEach(ReadOnlySpan<float> logits, Span<int> experts, Span<float> weights, Span<double> retained)
    {
        var outcome = default(ChoiceOutcome);
        var k = Shape.TopK;
        var length = _row.Length / 3;
        var row = new TokenRow(_row.AsSpan(0, length), _row.AsSpan(length, length), _row.AsSpan(2 * length));
        for (var token = 0; token < retained.Length; token++)
        {
            var chosen = experts.Slice(token * k, k);
            var choice = _chooser.Choose(logits.Slice(token * Shape.Experts, Shape.Experts), row, chosen);
            Weights.Write(Shape, row.Scores, choice.Scale, chosen, weights.Slice(token * k, k));
            retained[token] = choice.Retained;
            outcome.Add(choice);
        }

        return outcome;
    }

    private ChoiceOutcome ChooseTogether(
        ReadOnlySpan<float> logits, int tokens, SelectionEpoch epoch, Span<int> experts, Span<float> weights, Span<double> retained)
    {
        var step = epoch.BatchStep;
        var rows = _rows ??= new BatchRows(Shape);
        rows.Begin(tokens);
        var outcome = default(ChoiceOutcome);
        var k = Shape.TopK;
        for (var token = 0; token < tokens; token++)
        {
            var chosen = experts.Slice(token * k, k);
            var choice = _chooser.Choose(logits.Slice(token * Shape.Experts, Shape.Experts), rows.RowOf(token), chosen);
            rows.Keep(token, choice, chosen, epoch.EffectiveBound);
            outcome.Add(choice);
        }

        var prices = step.IsPriced ? epoch.Prices.AsSpan() : default;
        switch (step.Kind)
        {
            case BatchStepKind.OpportunisticActivation:
                (_activation ??= new Activation(Shape)).Apply(rows, experts, step.OwnExperts);
                break;
            case BatchStepKind.GreedyConsolidation:
                (_consolidation ??= new Consolidation(Shape)).ByDemand(rows, experts, prices);
                break;
            case BatchStepKind.MarginalConsolidation:
                (_consolidation ??= new Consolidation(Shape)).ByLoss(rows, experts, prices, step.MassPerExpert);
                break;
        }

        for (var token = 0; token < tokens; token++)
        {
            retained[token] = rows.Finish(token, experts.Slice(token * k, k), weights.Slice(token * k, k));
        }

        return outcome;
    }

    private SelectionStatistics Summarise(
        int tokens, SelectionEpoch applied, bool fellBack, ChoiceOutcome outcome, ReadOnlySpan<int> experts, Span<double> retained)
    {
        var counts = _counts.AsSpan();
        counts.Clear();
        long slots = 0;
        var distinct = 0;
        foreach (var expert in experts)
        {
            if (expert >= 0)
            {
                distinct += counts[expert]++ == 0 ? 1 : 0;
                slots++;
            }
        }

        double sum = 0, least = tokens == 0 ? 1 : double.PositiveInfinity;
        foreach (var share in retained)
        {
            sum += share;
            least = Math.Min(least, share);
        }

        return new SelectionStatistics(
            tokens,
            distinct,
            slots,
            tokens == 0 ? 1 : sum / tokens,
            tokens == 1 ? retained[0] : Percentiles.First(retained),
            least,
            Shape.BiasSpace == BiasSpace.Logit ? (tokens == 0 ? 0 : outcome.Divergence / tokens) : null,
            outcome.GuardTrips,
            SelectionRegimes.Of(Shape, tokens),
            applied.Number,
            fellBack,
            applied.BiasDigest,
            _counts);
    }

    private static void Require(int length, int tokens, int perToken, string name)
    {
        if (length != (long)tokens * perToken)
        {
            throw new ArgumentException($"{name} holds {length} numbers; {tokens} tokens of {perToken} need {(long)tokens * perToken}.", name);
        }
    }
}

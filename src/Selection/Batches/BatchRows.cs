using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Rows;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Selection.Batches;

/// <summary>
/// The tokens of one batch side by side, while they agree on which experts to read. Gate mass is counted in whole <see cref="Unit"/>s, so that sums do
/// not depend on their order and a GPU comes to the same decision.
/// </summary>
internal sealed class BatchRows(SelectorShape shape)
{
    /// <summary>The plain top-k mass of a token, in the unit in which shares are counted: 2^28, so a unit is 3.7e-9 of it.</summary>
    public const int Unit = 1 << 28;

    // With a trained bias a single expert may outweigh the plain set; beyond four times it makes no difference.
    private const float LargestShare = 4f * Unit;

    private readonly int _length = Row.Length(shape.Experts);
    private float[] _plainKeys = [];
    private float[] _keys = [];
    private float[] _scores = [];
    private int[] _shares = [];
    private TokenChoice[] _choices = [];
    private int[] _mass = [];
    private int[] _needed = [];
    private int[] _next = [];

    /// <summary>N, the tokens of the batch.</summary>
    public int Tokens { get; private set; }

    /// <summary>The gate.</summary>
    public SelectorShape Shape { get; } = shape;

    /// <summary>The padded length of a row.</summary>
    public int Length => _length;

    /// <summary>Mass of each token's set now [tokens], in units.</summary>
    public Span<int> Mass => _mass.AsSpan(0, Tokens);

    /// <summary>Mass that each token must keep [tokens], in units.</summary>
    public Span<int> Needed => _needed.AsSpan(0, Tokens);

    /// <summary>The best expert that each token could take next [tokens], or -1.</summary>
    public Span<int> Next => _next.AsSpan(0, Tokens);

    /// <summary>Makes room for a batch.</summary>
    public void Begin(int tokens)
    {
        Tokens = tokens;
        if (_choices.Length >= tokens)
        {
            return;
        }

        var cells = checked(tokens * _length);
        _plainKeys = new float[cells];
        _keys = new float[cells];
        _scores = new float[cells];
        _shares = new int[cells];
        _choices = new TokenChoice[tokens];
        _mass = new int[tokens];
        _needed = new int[tokens];
        _next = new int[tokens];
    }

    /// <summary>The row of a token, to choose in.</summary>
    public TokenRow RowOf(int token) => new(Cells(_plainKeys, token), Cells(_keys, token), Cells(_scores, token));

    /// <summary>The keys by which a token chooses; a step overwrites those it must not choose any more.</summary>
    public Span<float> Keys(int token) => Cells(_keys, token);

    /// <summary>Unbiased scores of a token.</summary>
    public ReadOnlySpan<float> Scores(int token) => Cells(_scores, token);

    /// <summary>What each expert would give a token, in units of its plain mass.</summary>
    public ReadOnlySpan<int> Shares(int token) => _shares.AsSpan(token * _length, _length);

    /// <summary>Takes note of a token's own choice and of the bound that it must keep.</summary>
    public void Keep(int token, in TokenChoice choice, ReadOnlySpan<int> chosen, double bound)
    {
        _choices[token] = choice;
        var factor = choice.PlainMass > 0 ? (float)(Unit / choice.PlainMass) : 0;
        RowMath.Quantise(Cells(_scores, token), float.IsFinite(factor) ? factor : 0, LargestShare, _shares.AsSpan(token * _length, _length));
        var shares = Shares(token);
        long mass = 0;
        foreach (var expert in chosen)
        {
            mass += shares[expert];
        }

        _mass[token] = (int)Math.Min(mass, int.MaxValue);
        _needed[token] = choice.PlainMass > 0 ? (int)Math.Ceiling(bound * (1 + Guard.Margin) * Unit) : 0;
    }

    /// <summary>Orders and weighs the final set of a token and returns its rho.</summary>
    public double Finish(int token, Span<int> chosen, Span<float> weights)
    {
        ref readonly var choice = ref _choices[token];
        var scores = Cells(_scores, token);
        ChosenOrder.Apply(chosen, Cells(_plainKeys, token));
        Weights.Write(Shape, scores, choice.Scale, chosen, weights);

        return choice.PlainMass > 0 ? Guard.Mass(chosen, scores) / choice.PlainMass : 1;
    }

    private Span<float> Cells(float[] cells, int token) => cells.AsSpan(token * _length, _length);
}

namespace EnergyTTT.Selection.Selectors;

/// <summary>The memory of one token while it is being chosen for; every span is one padded row.</summary>
/// <param name="plainKeys">What the unbiased gate ranks by.</param>
/// <param name="keys">What the choice ranks by: biased, with excluded groups.</param>
/// <param name="scores">Unbiased scores.</param>
internal readonly ref struct TokenRow(Span<float> plainKeys, Span<float> keys, Span<float> scores)
{
    public readonly Span<float> PlainKeys = plainKeys;
    public readonly Span<float> Keys = keys;
    public readonly Span<float> Scores = scores;
}

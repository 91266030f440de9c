using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace EnergyTTT.Evidence.Promotions;

/// <summary>What to do with a proposed bias.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PromotionOutcome>))]
public enum PromotionOutcome
{
    /// <summary>Go on testing.</summary>
    [JsonStringEnumMemberName("continue")] Continue = 0,

    /// <summary>Put it in force.</summary>
    [JsonStringEnumMemberName("promote")] Promote = 1,

    /// <summary>The test is over and did not prove enough, or a guard was broken: back to no bias.</summary>
    [JsonStringEnumMemberName("reject")] Reject = 2,
}

/// <summary>A decision with its evidence.</summary>
/// <param name="Outcome">What to do.</param>
/// <param name="Mean">Mean of d so far; NaN without pairs.</param>
/// <param name="UpperBound">One-sided upper bound of mean d at the alpha of this epoch.</param>
/// <param name="Alpha">The alpha that this epoch was given.</param>
/// <param name="Pairs">Pairs behind it.</param>
/// <param name="Reasons">Reason codes; empty on promotion.</param>
public sealed record PromotionDecision(PromotionOutcome Outcome, double Mean, double UpperBound, double Alpha, int Pairs, ImmutableArray<string> Reasons);

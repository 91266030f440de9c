using System.Text.Json.Serialization;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;

namespace EnergyTTT.Wire.Proposals;

/// <summary>A change that waits for a second person, because its scope asks for approval.</summary>
public sealed record PolicyProposal
{
    /// <summary>Its number.</summary>
    public required long Id { get; init; }

    /// <summary>The scope whose policy it changes.</summary>
    public required string Scope { get; init; }

    /// <summary>The version in force when it was made; only while that one is in force can it be approved.</summary>
    public required long BaseVersion { get; init; }

    /// <summary>Everything that the scope would set.</summary>
    public required PolicyDocument Document { get; init; }

    /// <summary>How it is to be tried first; null when it is to be in force at once.</summary>
    public RolloutRequest? Rollout { get; init; }

    /// <summary>The user name of who made it.</summary>
    public required string Author { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From when on nobody can approve it.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>How it stands.</summary>
    public required ProposalState State { get; init; }

    /// <summary>Who decided; null while it waits, and when it expired.</summary>
    public string? DecidedBy { get; init; }

    /// <summary>When it was decided.</summary>
    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>Why it was decided so; an approval may go without.</summary>
    public string? DecisionReason { get; init; }

    /// <summary>The version that it became; null unless approved.</summary>
    public long? Version { get; init; }
}

/// <summary>How a proposal stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ProposalState>))]
public enum ProposalState
{
    /// <summary>It waits for a second person.</summary>
    [JsonStringEnumMemberName("pending")] Pending = 0,

    /// <summary>It became a version.</summary>
    [JsonStringEnumMemberName("approved")] Approved = 1,

    /// <summary>A second person said no.</summary>
    [JsonStringEnumMemberName("rejected")] Rejected = 2,

    /// <summary>Its author took it back.</summary>
    [JsonStringEnumMemberName("withdrawn")] Withdrawn = 3,

    /// <summary>Nobody decided in time.</summary>
    [JsonStringEnumMemberName("expired")] Expired = 4,
}

/// <summary>What is done to a proposal.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ProposalVerdict>))]
public enum ProposalVerdict
{
    /// <summary>By another person than its author: it becomes a version.</summary>
    [JsonStringEnumMemberName("approve")] Approve = 0,

    /// <summary>By another person than its author: it never will.</summary>
    [JsonStringEnumMemberName("reject")] Reject = 1,

    /// <summary>By its author.</summary>
    [JsonStringEnumMemberName("withdraw")] Withdraw = 2,
}

/// <summary>The body of <c>POST .../proposals/{id}/{verdict}</c>.</summary>
/// <param name="Reason">Why; required to reject.</param>
public sealed record ProposalOrder(string? Reason = null);

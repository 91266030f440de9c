using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.History.Audits;
using EnergyTTT.History.Moments;
using EnergyTTT.Wire.Access;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;
using Npgsql;

namespace EnergyTTT.History.Proposals;

/// <summary>The proposals in <c>policy.proposal</c>. What was answered is committed, with its entry in the audit log. An approval is committed with the version that it makes: see <see cref="Approval"/>.</summary>
public sealed class ProposalStore(NpgsqlDataSource source, TimeProvider time)
{
    /// <summary>Keeps a change that waits.</summary>
    /// <param name="scope">The scope.</param>
    /// <param name="baseVersion">The version in force there.</param>
    /// <param name="document">Everything that the scope would set.</param>
    /// <param name="rollout">How it is to be tried first; null: in force at once.</param>
    /// <param name="author">The user name of who makes it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="lifetime">How long it may wait.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<PolicyProposal> Propose(string scope, long baseVersion, PolicyDocument document, RolloutRequest? rollout, string author, string reason, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var now = StoredMoment.Of(time.GetUtcNow());
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var proposal = await InsertProposal.Execute(connection, scope, baseVersion, document, rollout, author, reason, now, now + lifetime, EnumWords.Of(ProposalState.Pending), cancellationToken);
        await Note(connection, time, author, "policy.propose", scope, proposal, new() { ["before"] = Text(baseVersion), ["reason"] = reason }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new PolicyProposal
        {
            Id = proposal, Scope = scope, BaseVersion = baseVersion, Document = document, Rollout = rollout, Author = author, Reason = reason, CreatedAt = now, ExpiresAt = now + lifetime, State = ProposalState.Pending,
        };
    }

    /// <summary>One; null when there is none of that number.</summary>
    public async Task<PolicyProposal?> Find(long proposal, CancellationToken cancellationToken) =>
        await ReadProposals.Execute(source, proposal, null, pending: false, long.MaxValue, 1, time.GetUtcNow(), cancellationToken) is [var found] ? found : null;

    /// <summary>Those of a scope (null: of all) with numbers below <paramref name="before"/>, newest first; only those that wait, or all.</summary>
    public Task<ImmutableArray<PolicyProposal>> List(string? scope, bool pending, long before, int limit, CancellationToken cancellationToken) =>
        ReadProposals.Execute(source, null, scope, pending, before, limit, time.GetUtcNow(), cancellationToken);

    /// <summary>Rejects or withdraws one. False: it was decided, or has expired.</summary>
    public async Task<bool> Close(PolicyProposal proposal, ProposalState state, string by, string? reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(proposal);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await DecideProposal.Execute(connection, proposal.Id, state, by, reason, null, time.GetUtcNow(), cancellationToken))
        {
            return false;
        }

        await Note(connection, time, by, state == ProposalState.Rejected ? "policy.reject" : "policy.withdraw", proposal.Scope, proposal.Id, new() { ["author"] = proposal.Author, ["reason"] = reason }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Approves one in the transaction that makes its version. False: it was decided, or has expired; the transaction must not be committed then.</summary>
    internal static async Task<bool> Approve(NpgsqlConnection connection, TimeProvider time, Approval approval, string scope, string author, long version, CancellationToken cancellationToken)
    {
        if (!await DecideProposal.Execute(connection, approval.Proposal, ProposalState.Approved, approval.By, approval.Reason, version, time.GetUtcNow(), cancellationToken))
        {
            return false;
        }

        await Note(connection, time, approval.By, "policy.approve", scope, approval.Proposal, new() { ["version"] = Text(version), ["author"] = author, ["reason"] = approval.Reason }, cancellationToken);
        return true;
    }

    private static Task<AuditEntry> Note(NpgsqlConnection connection, TimeProvider time, string by, string action, string scope, long proposal, Dictionary<string, string?> detail, CancellationToken cancellationToken)
    {
        detail["proposal"] = Text(proposal);
        return AuditLog.Append(connection, time, Actors.Of(by), action, "policy/" + scope, detail, cancellationToken);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The second person's yes: what makes a proposal a version, in one transaction.</summary>
/// <param name="Proposal">The number of the proposal.</param>
/// <param name="By">The user name of the second person, who is not the author.</param>
/// <param name="Reason">Why, if said.</param>
public sealed record Approval(long Proposal, string By, string? Reason);

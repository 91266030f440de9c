using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.History.Audits;
using EnergyTTT.History.Moments;
using EnergyTTT.History.Proposals;
using EnergyTTT.Wire.Access;
using EnergyTTT.Wire.Policies;
using Npgsql;

namespace EnergyTTT.History.Policies;

/// <summary>The immutable versions of policies in <c>policy.version</c>. A version that was answered is committed.</summary>
public sealed class PolicyStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>The version in force in a scope; version 0 with an empty document when nothing was ever set there.</summary>
    public async Task<PolicyVersion> Current(string scope, CancellationToken cancellationToken) =>
        (await ReadPoliciesInForce.Execute(dataSource, scope, cancellationToken)) is [var current] ? current : PolicyVersion.Unset(scope);

    /// <summary>The version in force of every scope that ever had one.</summary>
    public Task<ImmutableArray<PolicyVersion>> InForce(CancellationToken cancellationToken) => ReadPoliciesInForce.Execute(dataSource, null, cancellationToken);

    /// <summary>Versions older than <paramref name="before"/>, newest first, at most <paramref name="limit"/>.</summary>
    public Task<ImmutableArray<PolicyVersion>> Versions(string scope, long before, int limit, CancellationToken cancellationToken) =>
        ReadPolicyVersions.Execute(dataSource, scope, before, limit, cancellationToken);

    /// <summary>
    /// Saves a new version if <paramref name="expected"/> is still the one in force (0: none yet), else answers null. With an approval also null when its proposal was decided meanwhile.
    /// </summary>
    public async Task<PolicyVersion?> Save(string scope, long expected, PolicyDocument document, string author, string reason, Approval? approval, CancellationToken cancellationToken)
    {
        var now = StoredMoment.Of(time.GetUtcNow());
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await InsertPolicyVersion.Execute(connection, scope, expected, document, author, reason, approval?.By, now, cancellationToken) is not { } version
            || (approval is not null && !await ProposalStore.Approve(connection, time, approval, scope, author, version, cancellationToken)))
        {
            return null;
        }

        var detail = new Dictionary<string, string?>
        {
            ["version"] = version.ToString(CultureInfo.InvariantCulture),
            ["before"] = expected.ToString(CultureInfo.InvariantCulture),
            ["reason"] = reason,
        };
        if (approval is not null)
        {
            detail["approved_by"] = approval.By;
        }

        await AuditLog.Append(connection, time, Actors.Of(author), "policy.save", "policy/" + scope, detail, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new PolicyVersion(scope, version, document, author, reason, now, approval?.By);
    }
}

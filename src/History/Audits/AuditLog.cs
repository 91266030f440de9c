using System.Text.Json;
using Npgsql;

namespace EnergyTTT.History.Audits;

/// <summary>
/// The append-only record of who changed what, in <c>policy.audit</c>. An entry that belongs to a change of the database is added in the
/// transaction of that change: both are there or neither is.
/// </summary>
public sealed class AuditLog(NpgsqlDataSource source, TimeProvider time)
{
    private const int PageSize = 1_000;

    /// <summary>Adds an entry in a transaction of its own.</summary>
    /// <param name="detail">Further facts; never a secret.</param>
    public async Task<AuditEntry> Append(string actor, string action, string subject, IReadOnlyDictionary<string, string?>? detail, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var entry = await Append(connection, time, actor, action, subject, detail, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return entry;
    }

    /// <summary>Entries by number.</summary>
    /// <param name="after">Beyond this number: above it when <paramref name="oldestFirst"/>, below it otherwise; null starts at that end.</param>
    /// <param name="limit">At most this many.</param>
    public Task<IReadOnlyList<AuditEntry>> Read(AuditFilter filter, long? after, bool oldestFirst, int limit, CancellationToken cancellationToken) =>
        ReadAuditEntries.Execute(source, filter, after, oldestFirst, limit, cancellationToken);

    /// <summary>Follows the whole log.</summary>
    public async Task<AuditChain> Verify(CancellationToken cancellationToken)
    {
        var chain = new AuditChain();
        while (true)
        {
            var page = await Read(new AuditFilter(), chain.Entries, oldestFirst: true, PageSize, cancellationToken);
            if (!page.All(chain.Follow) || page.Count < PageSize)
            {
                return chain;
            }
        }
    }

    /// <summary>Adds an entry in the transaction that is open on the connection; writers take turns until it ends.</summary>
    internal static Task<AuditEntry> Append(
        NpgsqlConnection connection, TimeProvider time, string actor, string action, string subject, IReadOnlyDictionary<string, string?>? detail, CancellationToken cancellationToken) =>
        InsertAuditEntry.Execute(connection, time, actor, action, subject, JsonSerializer.Serialize(detail ?? new Dictionary<string, string?>()), cancellationToken);
}

/// <summary>Which entries are wanted; null: any.</summary>
/// <param name="Actor">Who; a star at the end stands for anything: <c>person/*</c>.</param>
/// <param name="Action">What was done; <c>key.*</c> is everything about keys.</param>
/// <param name="Subject">To what; <c>policy/deployment/*</c> is the policy of any deployment.</param>
/// <param name="From">At this time or later.</param>
/// <param name="To">Before this time.</param>
public sealed record AuditFilter(string? Actor = null, string? Action = null, string? Subject = null, DateTimeOffset? From = null, DateTimeOffset? To = null);

using EnergyTTT.History.Audits;
using Npgsql;

namespace EnergyTTT.History.Alerts;

/// <summary>One statement and its entry in the audit log, in one transaction; neither when the statement touched no row.</summary>
internal static class AuditedChange
{
    public static async Task<bool> Execute(
        NpgsqlDataSource source, TimeProvider clock, string sql, string author, string action, string subject, IReadOnlyDictionary<string, string?> detail, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var command = new NpgsqlCommand(sql, connection))
        {
            command.Parameters.AddRange(parameters);
            if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }
        }

        await AuditLog.Append(connection, clock, author, action, subject, detail, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}

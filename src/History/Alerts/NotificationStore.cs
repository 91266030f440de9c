using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Json;
using Npgsql;

namespace EnergyTTT.History.Alerts;

/// <summary>The outbox in <c>alert.notification</c>: any silo may send what is due, none twice at once, and what one could not send another one tries.</summary>
public sealed class NotificationStore(NpgsqlDataSource source)
{
    // language=sql
    private const string PutSql =
        """
        insert into alert.notification (notification_id, contact_point, group_key, message, state, created_at, next_attempt_at)
        values ($1, $2, $3, $4, 'waiting', $5, $5)
        on conflict do nothing
        """;

    // A later message of a group waits for the earlier one, so that nobody hears of an end before the beginning.
    // language=sql
    private const string ClaimSql =
        """
        update alert.notification as claimed
        set attempts = attempts + 1,
            next_attempt_at = $2
        from (
            select notification_id
            from alert.notification as due
            where state = 'waiting'
              and next_attempt_at <= $1
              and not exists (
                  select from alert.notification as earlier
                  where earlier.state = 'waiting'
                    and earlier.contact_point = due.contact_point
                    and earlier.group_key = due.group_key
                    and earlier.created_at < due.created_at
              )
            order by created_at
            limit $3
            for update skip locked
        ) as chosen
        where claimed.notification_id = chosen.notification_id
        returning claimed.message, claimed.attempts
        """;

    /// <summary>Takes messages that are due; until <paramref name="lease"/> nobody else does.</summary>
    public Task<List<(AlertMessage Message, int Attempt)>> Claim(DateTimeOffset now, DateTimeOffset lease, int limit, CancellationToken cancellationToken) => AlertRows.Read(
        source, ClaimSql, reader => (AlertRows.Document(reader, 0, WireJson.Default.AlertMessage), reader.GetInt32(1)), cancellationToken, AlertRows.Moment(now), AlertRows.Moment(lease), AlertRows.Plain(limit));

    /// <summary>Says what became of a try.</summary>
    /// <param name="next">When it is tried again, for what waits.</param>
    public async Task Settle(Guid id, DeliveryState state, DateTimeOffset now, DateTimeOffset? next, string? error, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            update alert.notification
            set state = $2,
                next_attempt_at = $3,
                finished_at = $4,
                last_error = $5
            where notification_id = $1
              and state = 'waiting'
            """;
        await using var command = source.CreateCommand(Sql);
        command.Parameters.AddRange(new NpgsqlParameter[] { AlertRows.Plain(id), AlertRows.Plain(Word(state)), AlertRows.Moment(next), AlertRows.Moment(state == DeliveryState.Waiting ? null : now), AlertRows.Text(error) });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Puts a message outside of a look at the rules: a test of a contact point.</summary>
    public async Task Put(AlertMessage message, CancellationToken cancellationToken)
    {
        await using var batch = source.CreateBatch();
        Put(batch, message);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The newest messages with what became of them.</summary>
    public Task<List<AlertDelivery>> Newest(string? contactPoint, int limit, CancellationToken cancellationToken) => AlertRows.Read(
        source,
        """
        select message, state, attempts, next_attempt_at, finished_at, last_error
        from alert.notification
        where $1::text is null or contact_point = $1
        order by created_at desc, notification_id
        limit $2
        """,
        reader => new AlertDelivery(
            AlertRows.Document(reader, 0, WireJson.Default.AlertMessage), Enum.GetValues<DeliveryState>().First(state => Word(state) == reader.GetString(1)), reader.GetInt32(2), AlertRows.Moment(reader, 3), AlertRows.Moment(reader, 4), AlertRows.Text(reader, 5)),
        cancellationToken,
        AlertRows.Text(contactPoint), AlertRows.Plain(limit));

    internal static void Put(NpgsqlBatch batch, AlertMessage message)
    {
        var command = new NpgsqlBatchCommand(PutSql)
        {
            Parameters = { AlertRows.Plain(message.Id), AlertRows.Plain(message.ContactPoint), AlertRows.Plain(message.Group), AlertRows.Json(message, WireJson.Default.AlertMessage), AlertRows.Moment(message.CreatedAt) },
        };
        batch.BatchCommands.Add(command);
    }

    private static string Word(DeliveryState state) => state switch { DeliveryState.Delivered => "delivered", DeliveryState.GivenUp => "given_up", _ => "waiting" };
}

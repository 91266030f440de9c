using Npgsql;

namespace EnergyTTT.History.Alerts;

/// <summary>What a deployment's ledger did not explain in one minute.</summary>
/// <param name="ResidualJoules">Neither experts nor idling; negative when the table says more than was counted.</param>
/// <param name="CounterJoules">What the GPUs counted; above 0.</param>
public sealed record ResidualMinute(string Deployment, DateTimeOffset Minute, double ResidualJoules, double CounterJoules);

/// <summary>The residual of the energy ledger of all deployments, in one statement. Minutes in which the GPUs counted nothing are left out.</summary>
public sealed class ResidualReader(NpgsqlDataSource source)
{
    // language=sql
    private const string Sql =
        """
        select deployment.name, ledger.minute, ledger.counter_joules - ledger.attributed_joules - coalesce(ledger.idle_joules, 0), ledger.counter_joules
        from routing.ledger
        join routing.deployment on deployment.deployment_id = ledger.deployment_id
        where ledger.layer = -1
          and ledger.minute >= $1
          and ledger.minute < $2
          and ledger.counter_joules > 0
        order by deployment.name, ledger.minute
        """;

    /// <summary>The minutes of a range (from inclusive, to exclusive), by deployment and time.</summary>
    public Task<List<ResidualMinute>> Read(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) => AlertRows.Read(
        source, Sql, reader => new ResidualMinute(reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetDouble(2), reader.GetDouble(3)), cancellationToken, AlertRows.Moment(from), AlertRows.Moment(to));
}

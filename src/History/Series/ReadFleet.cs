using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Series;

/// <summary>Reads points of all GPUs together where a level has them added up: one row a point.</summary>
internal static class ReadFleet
{
    // Sums, extremes and quotients of several rows are those of the rows; means are not, so for them a point is one row.
    // language=sql
    private const string Values =
        """
        case $4
            when 0 then sum(totals[$1])
            when 1 then sum(means[$1])
            when 2 then sum(means[$1]) / nullif(sum(gpus[$1]), 0)
            when 3 then max(greatest[$1])
            when 4 then min(least[$1])
            when 5 then sum(totals[$1]) / nullif(sum(weights[$1]), 0)
        end,
        max(origins[$1])
        """;

    // language=sql
    private const string MinutesSql =
        $"""
        select
            date_bin($5, minute, $6) as point,
            {Values}
        from telemetry.fleet_1m
        where minute >= $2
          and minute < $3
        group by point
        """;

    // language=sql
    private const string HoursSql =
        $"""
        select
            date_bin($5, hour, $6) as point,
            {Values}
        from telemetry.fleet_1h
        where hour >= $2
          and hour < $3
        group by point
        """;

    /// <summary>Whether the points of a step can be told from rows that stand <paramref name="level"/> apart.</summary>
    public static bool Tells(ReadSeries.Combination combination, TimeSpan step, TimeSpan level) =>
        step == level || (step.Ticks % level.Ticks == 0 && combination is not (ReadSeries.Combination.SumOfMeans or ReadSeries.Combination.MeanOfMeans));

    /// <summary>Tells the points from <paramref name="from"/> up to <paramref name="to"/>.</summary>
    public static async Task Execute(
        NpgsqlConnection connection, ReadSeries.Request request, bool hours, DateTime from, DateTime to, Action<int, DateTimeOffset, double, Origin> point, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(hours ? HoursSql : MinutesSql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = request.Metric.Code },
                new NpgsqlParameter<DateTime> { TypedValue = from },
                new NpgsqlParameter<DateTime> { TypedValue = to },
                new NpgsqlParameter<int> { TypedValue = (int)request.Combination },
                new NpgsqlParameter<TimeSpan> { TypedValue = request.Step },
                new NpgsqlParameter<DateTime> { TypedValue = request.From.UtcDateTime },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (!reader.IsDBNull(1))
            {
                point(0, reader.GetFieldValue<DateTimeOffset>(0), reader.GetDouble(1), (Origin)reader.GetInt16(2));
            }
        }
    }
}

using EnergyTTT.History.Rollups;
using EnergyTTT.History.Seals;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Series;

/// <summary>
/// Reads the points of all series of a query, each from the coarsest level that serves its step, and what is not rolled up yet from the level below. Points that lie
/// in roll-ups as a whole are put together by the database; where frames are read, rows and sealed ones alike, they are put together here, GPU by GPU in the order of time,
/// so that the same frames give the same bits wherever they are kept.
/// </summary>
internal static class ReadSeries
{
    /// <summary>
    /// Up to this step frames are shared among the points that they touch: a GPU whose frames end at 0.99 s and 2.01 s would otherwise be missing from the fleet's sum
    /// at one second and counted twice at another. With longer steps the edges are a small part of a point.
    /// </summary>
    private static readonly TimeSpan LongestSharedStep = TimeSpan.FromSeconds(1);

    /// <summary>Frames that end this much after the range may still tell of its last point.</summary>
    private static readonly TimeSpan LongestFrame = TimeSpan.FromSeconds(2);

    /// <summary>Frames that are held at once, about; an answer that needs more of them reads some GPUs after others.</summary>
    private const double FramesAtOnce = 500_000;

    // What is rolled up, by GPU: hours before $5, minutes from there to $6. Levels that the step does not allow end where they begin.
    // language=sql
    private const string PerGpu =
        """
        with rolled as (
            select h.hour as time, h.*
            from telemetry.frame_1h h
            where h.hour >= $4
              and h.hour < $5
            union all
            select m.minute as time, m.*
            from telemetry.frame_1m m
            where m.minute >= $5
              and m.minute < $6
        ), reading as (
            select
                gpu_id,
                time,
                origin,
                case $1
                    when 1 then energy_joules_sum
                    when 2 then power_average_watts_sum
                    when 3 then power_max_watts_sum
                    when 4 then temperature_celsius_sum
                    when 5 then memory_temperature_celsius_sum
                    when 6 then thermal_margin_celsius_sum
                    when 7 then utilization_ratio_sum
                    when 8 then memory_activity_ratio_sum
                    when 9 then memory_used_bytes_sum
                    when 10 then memory_total_bytes_sum
                    when 11 then sm_clock_hertz_sum
                    when 12 then memory_clock_hertz_sum
                    when 13 then power_limit_watts_sum
                    when 14 then fan_ratio_sum
                    when 15 then throttle_sw_power_cap_seconds_sum
                    when 16 then throttle_sw_thermal_seconds_sum
                    when 17 then throttle_hw_thermal_seconds_sum
                    when 18 then throttle_power_brake_seconds_sum
                    when 19 then tokens_sum
                    when 20 then samples_sum
                    when 21 then token_energy_joules
                    when 22 then idle_energy_joules
                end as total,
                case $1
                    when 1 then energy_joules_count
                    when 2 then power_average_watts_count
                    when 3 then power_max_watts_count
                    when 4 then temperature_celsius_count
                    when 5 then memory_temperature_celsius_count
                    when 6 then thermal_margin_celsius_count
                    when 7 then utilization_ratio_count
                    when 8 then memory_activity_ratio_count
                    when 9 then memory_used_bytes_count
                    when 10 then memory_total_bytes_count
                    when 11 then sm_clock_hertz_count
                    when 12 then memory_clock_hertz_count
                    when 13 then power_limit_watts_count
                    when 14 then fan_ratio_count
                    when 15 then throttle_sw_power_cap_seconds_count
                    when 16 then throttle_sw_thermal_seconds_count
                    when 17 then throttle_hw_thermal_seconds_count
                    when 18 then throttle_power_brake_seconds_count
                    when 19 then tokens_count
                    when 20 then samples_count
                    when 21 then token_count
                    when 22 then idle_watched_seconds
                end as weight,
                case $1
                    when 1 then energy_joules_min
                    when 2 then power_average_watts_min
                    when 3 then power_max_watts_min
                    when 4 then temperature_celsius_min
                    when 5 then memory_temperature_celsius_min
                    when 6 then thermal_margin_celsius_min
                    when 7 then utilization_ratio_min
                    when 8 then memory_activity_ratio_min
                    when 9 then memory_used_bytes_min
                    when 10 then memory_total_bytes_min
                    when 11 then sm_clock_hertz_min
                    when 12 then memory_clock_hertz_min
                    when 13 then power_limit_watts_min
                    when 14 then fan_ratio_min
                    when 15 then throttle_sw_power_cap_seconds_min
                    when 16 then throttle_sw_thermal_seconds_min
                    when 17 then throttle_hw_thermal_seconds_min
                    when 18 then throttle_power_brake_seconds_min
                    when 19 then tokens_min
                    when 20 then samples_min
                end as least,
                case $1
                    when 1 then energy_joules_max
                    when 2 then power_average_watts_max
                    when 3 then power_max_watts_max
                    when 4 then temperature_celsius_max
                    when 5 then memory_temperature_celsius_max
                    when 6 then thermal_margin_celsius_max
                    when 7 then utilization_ratio_max
                    when 8 then memory_activity_ratio_max
                    when 9 then memory_used_bytes_max
                    when 10 then memory_total_bytes_max
                    when 11 then sm_clock_hertz_max
                    when 12 then memory_clock_hertz_max
                    when 13 then power_limit_watts_max
                    when 14 then fan_ratio_max
                    when 15 then throttle_sw_power_cap_seconds_max
                    when 16 then throttle_sw_thermal_seconds_max
                    when 17 then throttle_hw_thermal_seconds_max
                    when 18 then throttle_power_brake_seconds_max
                    when 19 then tokens_max
                    when 20 then samples_max
                end as greatest
            from rolled
            where gpu_id = any($2)
        ), per_gpu as (
            select
                gpu_id,
                date_bin($7, time, $8) as point,
                sum(total) as total,
                sum(weight) as weight,
                min(least) as least,
                max(greatest) as greatest,
                max(origin) as origin
            from reading
            where total is not null
              and weight > 0
            group by gpu_id, point
        )
        """;

    // language=sql
    private const string PerSeriesSql =
        $"""
        {PerGpu}
        select
            series,
            point,
            case $9
                when 0 then sum(total)
                when 1 then sum(total / weight)
                when 2 then avg(total / weight)
                when 3 then max(greatest)
                when 4 then min(least)
                when 5 then sum(total) / sum(weight)
            end as value,
            max(origin) as origin
        from per_gpu
        join unnest($2, $3) as wanted (gpu_id, series) using (gpu_id)
        group by series, point
        """;

    // language=sql
    private const string PerGpuSql =
        $"""
        {PerGpu}
        select gpu_id, point, total, weight, least, greatest, origin
        from per_gpu
        """;

    public static async Task Execute(NpgsqlDataSource source, Request request, Action<int, DateTimeOffset, double, Origin> point, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);

        // One moment for all that is read: what moves from a level to the next meanwhile, or is sealed, is seen where it was.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        var bounds = await Bounds.Read(connection, request, cancellationToken);
        await ReadRolled(connection, request, bounds, point, cancellationToken);
        if (bounds.MinutesEnd < request.To.UtcDateTime)
        {
            await ReadPointsWithFrames(connection, request, bounds, point, cancellationToken);
        }
    }

    private static async Task ReadRolled(NpgsqlConnection connection, Request request, Bounds bounds, Action<int, DateTimeOffset, double, Origin> point, CancellationToken cancellationToken)
    {
        var from = request.WholeFleet ? await ReadRolledFleet(connection, request, bounds, point, cancellationToken) : request.From.UtcDateTime;
        if (bounds.Mixed <= from)
        {
            return;
        }

        await using var command = Rolled(connection, PerSeriesSql, request, from, Later(Earlier(bounds.HoursEnd, bounds.Mixed), from), bounds.Mixed);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)request.Combination });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (!reader.IsDBNull(2))
            {
                point(reader.GetInt32(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetDouble(2), (Origin)reader.GetInt16(3));
            }
        }
    }

    /// <summary>The points that a level has added up over all GPUs.</summary>
    /// <returns>Where they end.</returns>
    private static async Task<DateTime> ReadRolledFleet(NpgsqlConnection connection, Request request, Bounds bounds, Action<int, DateTimeOffset, double, Origin> point, CancellationToken cancellationToken)
    {
        var from = request.From.UtcDateTime;
        if (bounds.HoursEnd > from && from >= bounds.FleetHoursSince && ReadFleet.Tells(request.Combination, request.Step, TimeSpan.FromHours(1)))
        {
            var end = request.StartOfPoint(Earlier(bounds.HoursEnd, bounds.Mixed));
            await ReadFleet.Execute(connection, request, hours: true, from, end, point, cancellationToken);
            from = end;
        }

        if (request.Level >= Level.Minutes && bounds.Mixed > from && from >= bounds.FleetMinutesSince && ReadFleet.Tells(request.Combination, request.Step, TimeSpan.FromMinutes(1)))
        {
            await ReadFleet.Execute(connection, request, hours: false, from, bounds.Mixed, point, cancellationToken);
            from = bounds.Mixed;
        }

        return from;
    }

    /// <summary>The points from the first one that frames tell of, and what is rolled up of that one.</summary>
    private static async Task ReadPointsWithFrames(NpgsqlConnection connection, Request request, Bounds bounds, Action<int, DateTimeOffset, double, Origin> point, CancellationToken cancellationToken)
    {
        var rolled = await ReadRolledOfGpus(connection, request, bounds, cancellationToken);
        var margin = request.Step <= LongestSharedStep ? LongestFrame : TimeSpan.Zero;
        var (from, to) = (bounds.MinutesEnd - margin, request.To.UtcDateTime + margin);
        var points = new SeriesPointOfGroup[(request.To.UtcDateTime - bounds.Mixed).Ticks / request.Step.Ticks];
        var scratch = new SeriesPoint[points.Length];
        var gpus = request.SeriesOfGpus.Zip(request.GpuIds).OrderBy(pair => pair.First).ThenBy(pair => pair.Second).ToArray();
        var series = -1;
        foreach (var some in gpus.Chunk(Math.Max(1, (int)Math.Min(gpus.Length, FramesAtOnce / (to - from).TotalSeconds))))
        {
            var frames = await ReadFrames.Execute(connection, request.Metric.Code, [.. some.Select(pair => pair.Second)], from, to, bounds.SealedUntil, cancellationToken);
            foreach (var (its, gpu) in some)
            {
                if (its != series)
                {
                    Tell(series, points);
                    series = its;
                }

                if (frames.ContainsKey(gpu) || rolled.ContainsKey(gpu))
                {
                    PointsOfGpu(request, bounds.Mixed, rolled.GetValueOrDefault(gpu), frames.GetValueOrDefault(gpu), scratch, points);
                }
            }
        }

        Tell(series, points);

        void Tell(int told, SeriesPointOfGroup[] group)
        {
            for (var i = 0; i < group.Length; i++)
            {
                if (group[i].Value(request.Combination) is { } value)
                {
                    point(told, new DateTimeOffset(bounds.Mixed) + (i * request.Step), value, group[i].Origin);
                }
            }

            Array.Clear(group);
        }
    }

    private static void PointsOfGpu(Request request, DateTime start, List<(DateTime Point, SeriesPoint Rolled)>? rolled, List<FrameReading>? frames, SeriesPoint[] points, SeriesPointOfGroup[] group)
    {
        Array.Clear(points);
        foreach (var (moment, reading) in rolled ?? [])
        {
            points[(moment - start).Ticks / request.Step.Ticks] = reading;
        }

        var (origin, step) = (SealSpan.Microseconds(start), (long)request.Step.TotalMicroseconds);
        foreach (var frame in frames ?? [])
        {
            if (request.Step > LongestSharedStep)
            {
                Add(points, Math.DivRem(frame.Time - origin, step).Quotient, frame, 1);
                continue;
            }

            // A frame tells of the time before its end. With steps as short as that, it is shared among the seconds that it touches, each named by its end.
            var begin = frame.Time - (long)Math.Round(frame.Seconds * 1e6);
            for (var bin = (long)Math.Floor((begin - origin) / (double)step); (bin * step) + origin < frame.Time; bin++)
            {
                var overlap = Math.Min(((bin + 1) * step) + origin, frame.Time) - Math.Max((bin * step) + origin, begin);
                if (bin + 1 >= 0 && bin + 1 < group.Length && overlap > 0)
                {
                    Add(points, bin + 1, frame, overlap / 1e6 / frame.Seconds);
                }
            }
        }

        for (var point = 0; point < points.Length; point++)
        {
            if (points[point].Weight > 0)
            {
                group[point].Add(points[point]);
            }
        }

        void Add(SeriesPoint[] to, long point, in FrameReading frame, double share)
        {
            // Means count by their seconds; amounts, and what is to be divided by an amount, as they are.
            var seconds = share * frame.Seconds;
            var total = frame.Value * (request.Combination is Combination.SumOfSums || frame.Weight is not null ? share : seconds);
            var weight = frame.Weight * share ?? seconds;
            if (weight > 0)
            {
                var reading = new SeriesPoint(total, weight, frame.Value, frame.Value, frame.Origin);
                to[point] = to[point].Weight > 0 ? to[point].With(reading) : reading;
            }
        }
    }

    private static async Task<Dictionary<int, List<(DateTime Point, SeriesPoint Rolled)>>> ReadRolledOfGpus(NpgsqlConnection connection, Request request, Bounds bounds, CancellationToken cancellationToken)
    {
        var rolled = new Dictionary<int, List<(DateTime, SeriesPoint)>>();
        if (bounds.MinutesEnd <= bounds.Mixed)
        {
            return rolled;
        }

        await using var command = Rolled(connection, PerGpuSql, request, bounds.Mixed, Later(bounds.HoursEnd, bounds.Mixed), bounds.MinutesEnd);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var gpu = reader.GetInt32(0);
            if (!rolled.TryGetValue(gpu, out var points))
            {
                rolled[gpu] = points = [];
            }

            points.Add((
                reader.GetDateTime(1),
                new SeriesPoint(reader.GetDouble(2), reader.GetDouble(3), reader.IsDBNull(4) ? null : reader.GetDouble(4), reader.IsDBNull(5) ? null : reader.GetDouble(5), (Origin)reader.GetInt16(6))));
        }

        return rolled;
    }

    private static NpgsqlCommand Rolled(NpgsqlConnection connection, string sql, Request request, DateTime from, DateTime hoursEnd, DateTime minutesEnd) => new(sql, connection)
    {
        Parameters =
        {
            new NpgsqlParameter<int> { TypedValue = request.Metric.Code },
            new NpgsqlParameter<int[]> { TypedValue = request.GpuIds },
            new NpgsqlParameter<int[]> { TypedValue = request.SeriesOfGpus },
            new NpgsqlParameter<DateTime> { TypedValue = from },
            new NpgsqlParameter<DateTime> { TypedValue = hoursEnd },
            new NpgsqlParameter<DateTime> { TypedValue = minutesEnd },
            new NpgsqlParameter<TimeSpan> { TypedValue = request.Step },
            new NpgsqlParameter<DateTime> { TypedValue = request.From.UtcDateTime },
        },
    };

    private static DateTime Earlier(DateTime a, DateTime b) => a < b ? a : b;

    private static DateTime Later(DateTime a, DateTime b) => a > b ? a : b;

    /// <summary>Which level tells of which time.</summary>
    /// <param name="HoursEnd">What is older is told by hours.</param>
    /// <param name="MinutesEnd">What is older than that by minutes; what is not, by frames.</param>
    /// <param name="Mixed">The first point that frames tell of, at least in part.</param>
    /// <param name="SealedUntil">Frames before it may be sealed; null: none is.</param>
    /// <param name="FleetHoursSince">From when on hours are added up over all GPUs.</param>
    /// <param name="FleetMinutesSince">The same of minutes.</param>
    private sealed record Bounds(DateTime HoursEnd, DateTime MinutesEnd, DateTime Mixed, DateTime? SealedUntil, DateTime FleetHoursSince, DateTime FleetMinutesSince)
    {
        public static async Task<Bounds> Read(NpgsqlConnection connection, Request request, CancellationToken cancellationToken)
        {
            var done = await RollupState.ReadAll(connection, cancellationToken);
            var hours = request.Level >= Level.Hours ? Within(done.GetValueOrDefault(RollupState.Hour)) : request.From.UtcDateTime;
            var minutes = request.Level >= Level.Minutes ? Within(done.GetValueOrDefault(RollupState.Minute)) : request.From.UtcDateTime;
            return new Bounds(
                hours,
                minutes,
                request.StartOfPoint(minutes),
                done.TryGetValue(RollupState.Seal, out var border) ? border : null,
                done.GetValueOrDefault(RollupState.FleetHourSince, DateTime.MaxValue),
                done.GetValueOrDefault(RollupState.FleetMinuteSince, DateTime.MaxValue));

            DateTime Within(DateTime until) => Earlier(Later(until, request.From.UtcDateTime), request.To.UtcDateTime);
        }
    }

    /// <summary>The coarsest level that may be read.</summary>
    public enum Level
    {
        Frames = 0,
        Minutes = 1,
        Hours = 2,
    }

    /// <summary>How a point is made of readings: over time first, then over GPUs.</summary>
    public enum Combination
    {
        SumOfSums = 0,
        SumOfMeans = 1,
        MeanOfMeans = 2,
        Greatest = 3,
        Least = 4,
        Quotient = 5,
    }

    /// <param name="WholeFleet">Whether the one series is of all GPUs that there are.</param>
    public sealed record Request(
        Metric Metric, int[] GpuIds, int[] SeriesOfGpus, DateTimeOffset From, DateTimeOffset To, TimeSpan Step, Level Level, Combination Combination, bool WholeFleet)
    {
        /// <summary>The start of the point that a moment of the range lies in.</summary>
        public DateTime StartOfPoint(DateTime moment) => From.UtcDateTime + ((moment - From.UtcDateTime).Ticks / Step.Ticks * Step);
    }
}

using EnergyTTT.History.Partitions;

namespace EnergyTTT.History.Series;

/// <summary>The grid of a query and the level that it is read from.</summary>
/// <param name="From">Start of the first step: a multiple of the step since 1970.</param>
/// <param name="To">End of the last step.</param>
/// <param name="Step">Distance of points.</param>
/// <param name="Level">The coarsest level whose rows fit into a step.</param>
internal sealed record SeriesPlan(DateTimeOffset From, DateTimeOffset To, TimeSpan Step, ReadSeries.Level Level)
{
    // What one answer may read frame by frame, about a second's worth of work; beyond it minutes do.
    private const double MostFrames = 1_000_000;

    public int Points => checked((int)((To - From).Ticks / Step.Ticks));

    /// <exception cref="SeriesQueryException">The range or the step is out of bounds.</exception>
    public static SeriesPlan Make(SeriesQuery query, int gpus, DateTimeOffset now, RetentionOptions retention)
    {
        var range = query.To - query.From;
        if (range <= TimeSpan.Zero)
        {
            throw new SeriesQueryException("bad_range", "to", $"'to' ({query.To.UtcDateTime:u}) must be after 'from' ({query.From.UtcDateTime:u}).");
        }

        if (query.From.UtcDateTime.Year < 1970 || query.To.UtcDateTime.Year > 2200)
        {
            throw new SeriesQueryException("bad_range", query.From.UtcDateTime.Year < 1970 ? "from" : "to", "'from' and 'to' must lie between the years 1970 and 2200.");
        }

        if (query.Step is { } asked)
        {
            if (asked < TimeSpan.FromSeconds(1) || asked.Ticks % TimeSpan.TicksPerSecond != 0)
            {
                throw new SeriesQueryException("bad_step", "step", $"'step' is {asked.TotalSeconds} s; whole seconds from 1 on are possible.");
            }

            if (range.Ticks / asked.Ticks > SeriesSteps.MostPointsOnRequest)
            {
                throw new SeriesQueryException("bad_step", "step", $"'step' of {asked.TotalSeconds} s makes {range.Ticks / asked.Ticks} points in the range; at most {SeriesSteps.MostPointsOnRequest} are possible. Take a longer step or a shorter range.");
            }
        }

        var step = query.Step ?? SeriesSteps.Choose(range, Finest(query.From, range, gpus, now, retention));
        var level = step.Ticks % TimeSpan.TicksPerHour == 0 ? ReadSeries.Level.Hours
            : step.Ticks % TimeSpan.TicksPerMinute == 0 ? ReadSeries.Level.Minutes
            : ReadSeries.Level.Frames;
        return new SeriesPlan(Floor(query.From, step), Ceiling(query.To, step), step, level);
    }

    private static TimeSpan Finest(DateTimeOffset from, TimeSpan range, int gpus, DateTimeOffset now, RetentionOptions retention)
    {
        if (from < now - retention.Minutes)
        {
            return TimeSpan.FromHours(1);
        }

        return from < now - retention.Frames || range.TotalSeconds * gpus > MostFrames ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(1);
    }

    private static DateTimeOffset Floor(DateTimeOffset time, TimeSpan step) => time.ToUniversalTime() - TimeSpan.FromTicks((time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) % step.Ticks);

    private static DateTimeOffset Ceiling(DateTimeOffset time, TimeSpan step)
    {
        var floor = Floor(time, step);
        return floor == time ? floor : floor + step;
    }
}

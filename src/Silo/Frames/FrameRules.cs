using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Frames;

/// <summary>The rules that look beyond one field: the clock, the retention and the card's power limit.</summary>
internal static class FrameRules
{
    /// <summary>A reading above this many times the limit is a fault of the sensor.</summary>
    public const double LimitFactor = 1.5;

    // The energy counter ticks about every 100 ms, so an interval may hold one tick more than its share, at either end.
    private const double TickSeconds = 0.25;

    /// <summary>What is wrong with the frame, or null.</summary>
    /// <param name="frame">A frame whose fields are each within their bounds.</param>
    /// <param name="limitWatts">The greatest power that the card accepts, or null when nobody has said.</param>
    /// <param name="oldest">The end of the retention: frames before it would be dropped at once.</param>
    /// <param name="latest">The latest time that is not quarantined.</param>
    public static (string Field, string Code, string Reason)? Fault(Frame frame, double? limitWatts, DateTimeOffset oldest, DateTimeOffset latest)
    {
        if (frame.Time > latest)
        {
            return ("time", RefusalCodes.ClockAhead, $"{frame.Time:O} is later than {latest:O}, the latest that the server's clock allows; set the host's clock.");
        }

        if (frame.Time < oldest)
        {
            return ("time", RefusalCodes.TooOld, $"{frame.Time:O} is before {oldest:O}, where the retention of frames ends.");
        }

        // The greatest limit that the card accepts, where known: one that was lowered a moment ago is exceeded for a moment.
        var limit = limitWatts ?? frame.PowerLimitWatts;
        if (limit is not > 0)
        {
            return null;
        }

        var most = LimitFactor * limit.Value;
        if (frame.PowerAverageWatts > most)
        {
            return ("power_average_watts", RefusalCodes.AboveLimit, Above(frame.PowerAverageWatts.Value, "W", most, limit.Value));
        }

        if (frame.PowerMaxWatts > most)
        {
            return ("power_max_watts", RefusalCodes.AboveLimit, Above(frame.PowerMaxWatts.Value, "W", most, limit.Value));
        }

        var mostJoules = most * (frame.Seconds + TickSeconds);
        return frame.EnergyJoules > mostJoules
            ? ("energy_joules", RefusalCodes.AboveLimit, Above(frame.EnergyJoules.Value, "J", mostJoules, limit.Value))
            : null;
    }

    private static string Above(double value, string unit, double most, double limit) =>
        $"{Text.Number(value)} {unit} is more than {Text.Number(most)} {unit}, 1.5 times the card's limit of {Text.Number(limit)} W; leave the field out when the sensor cannot be trusted.";
}

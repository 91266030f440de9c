namespace EnergyTTT.History.Moments;

/// <summary>Times as PostgreSQL keeps them: whole microseconds, so that what is answered is what is read again.</summary>
internal static class StoredMoment
{
    /// <summary>The whole microsecond that a moment lies in, in UTC.</summary>
    public static DateTimeOffset Of(DateTimeOffset moment) => new(moment.UtcTicks - (moment.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}

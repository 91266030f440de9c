namespace EnergyTTT.Portal.Ranges;

/// <summary>The browser's time zone, as its cookie tells from the second request on: what <c>tz=browser</c> means for days and months.</summary>
public static class BrowserZone
{
    /// <summary>The name under which the zone is cascaded to pages.</summary>
    public const string Name = "BrowserZone";

    /// <summary>The cookie that the portal's script writes.</summary>
    public const string Cookie = "ettt-zone";
}

using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Grains.Alerts;

/// <summary>How alerts are looked at and kept; section <c>Alerts</c>.</summary>
public sealed class AlertOptions
{
    /// <summary>Time between two looks at all rules; 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A GPU that was not heard of for this long is no longer watched; 1 h to 366 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "366.00:00:00")]
    public TimeSpan ForgetAfter { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long changes of states and ended silences are kept.</summary>
    public TimeSpan HistoryKept { get; set; } = TimeSpan.FromDays(400);

    /// <summary>How long messages that were delivered or given up are kept.</summary>
    public TimeSpan MessagesKept { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Where people find the portal, such as <c>https://energy.example</c>: messages then carry a link; null: none.</summary>
    public Uri? Portal { get; set; }
}

using Microsoft.Extensions.Options;

namespace EnergyTTT.History.Partitions;

/// <summary>Checks that each level is kept at least as long as the finer one, and the bounds of each.</summary>
public sealed class RetentionOptionsValidator : IValidateOptions<RetentionOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RetentionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var wrong = new List<string>();
        if (options.Frames < TimeSpan.FromHours(1) || options.Frames > TimeSpan.FromDays(366))
        {
            wrong.Add($"Retention of frames is {options.Frames}; 1 hour to 366 days is possible.");
        }

        if (options.Minutes < options.Frames)
        {
            wrong.Add($"Retention of minutes ({options.Minutes}) is shorter than that of frames ({options.Frames}): raise it.");
        }

        if (options.Hours < options.Minutes)
        {
            wrong.Add($"Retention of hours ({options.Hours}) is shorter than that of minutes ({options.Minutes}): raise it.");
        }

        if (options.DaysAhead is < 1 or > 30)
        {
            wrong.Add($"Partitions ahead are {options.DaysAhead} days; 1 to 30 are possible.");
        }

        if (options.Interval < TimeSpan.FromSeconds(1) || options.Interval > TimeSpan.FromHours(12))
        {
            wrong.Add($"The interval of retention is {options.Interval}; 1 s to 12 hours are possible.");
        }

        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}

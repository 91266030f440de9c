using Microsoft.Extensions.Options;

namespace EnergyTTT.History.Seals;

/// <summary>When and how fast frames are sealed (settings <c>Sealing</c>).</summary>
public sealed class SealOptions
{
    /// <summary>How long frames stay as rows before they are packed, at least; 1 hour to 366 days. They leave by whole hours, and never before their minutes are rolled up.</summary>
    public TimeSpan Hot { get; set; } = TimeSpan.FromHours(3);

    /// <summary>How often it is looked what is to be sealed; 1 s to 1 hour.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Share of its time that the sealer works at most, so that ingest keeps its pace; above 0 up to 1.</summary>
    public double Share { get; set; } = 0.25;

    /// <summary>Frames that change over in one transaction, about; late frames wait for one of them at most. 1 to 1,000,000.</summary>
    public int FramesPerTransaction { get; set; } = 30_000;
}

/// <summary>Checks the bounds.</summary>
internal sealed class SealOptionsValidator : IValidateOptions<SealOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SealOptions options)
    {
        var wrong = new List<string>();
        if (options.Hot < TimeSpan.FromHours(1) || options.Hot > TimeSpan.FromDays(366))
        {
            wrong.Add($"Sealing:Hot is {options.Hot}; 1 hour to 366 days is possible.");
        }

        if (options.Interval < TimeSpan.FromSeconds(1) || options.Interval > TimeSpan.FromHours(1))
        {
            wrong.Add($"Sealing:Interval is {options.Interval}; 1 s to 1 hour is possible.");
        }

        if (options.Share is not (> 0 and <= 1))
        {
            wrong.Add($"Sealing:Share is {options.Share}; above 0 up to 1 is possible.");
        }

        if (options.FramesPerTransaction is < 1 or > 1_000_000)
        {
            wrong.Add($"Sealing:FramesPerTransaction is {options.FramesPerTransaction}; 1 to 1,000,000 is possible.");
        }

        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}

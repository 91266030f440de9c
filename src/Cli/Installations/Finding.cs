namespace EnergyTTT.Cli.Installations;

/// <summary>What the doctor found about one thing.</summary>
/// <param name="Check">The thing.</param>
/// <param name="Level">ok, warning or fault.</param>
/// <param name="Says">What is the case.</param>
/// <param name="Do">What to do; null when nothing.</param>
internal sealed record Finding(string Check, string Level, string Says, string? Do)
{
    public const string Fine = "ok";
    public const string Doubt = "warning";
    public const string Fault = "fault";

    public static Finding Ok(string check, string says) => new(check, Fine, says, null);

    public static Finding Warning(string check, string says, string what) => new(check, Doubt, says, what);

    public static Finding Wrong(string check, string says, string what) => new(check, Fault, says, what);
}

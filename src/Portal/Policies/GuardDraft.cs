using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;

namespace EnergyTTT.Portal.Policies;

/// <summary>The guards of a rollout as a person types them: a percentage, or nothing for a guard that is not wanted. What is right is left to <see cref="RolloutRules"/>.</summary>
public sealed class GuardDraft
{
    private static readonly RolloutGuards Usual = new();

    /// <summary>The guards, in the order of the form.</summary>
    public ImmutableArray<GuardText> Guards { get; } =
    [
        new("latency", "Latency, p95, may rise by", Usual.LatencyP95RiseMax), new("mass", "Mean retained mass may fall by", Usual.RetainedMassFallMax), new("joules", "Joules per token may rise by", Usual.JoulesPerTokenRiseMax),
        new("errors", "Refused feedback may reach", Usual.ErrorShareMax), new("telemetry", "GPUs and replicas may fall silent, up to", Usual.TelemetryLossMax),
    ];

    /// <summary>The guards, and the texts that are no numbers.</summary>
    public (RolloutGuards Guards, ImmutableArray<string> Faults) Read() => (
        Usual with
        {
            LatencyP95RiseMax = Guards[0].Share, RetainedMassFallMax = Guards[1].Share, JoulesPerTokenRiseMax = Guards[2].Share, ErrorShareMax = Guards[3].Share, TelemetryLossMax = Guards[4].Share,
        },
        [.. Guards.Where(guard => guard.IsWrong).Select(guard => $"'{guard.Label}' is '{guard.Text}' %; a number expected, or nothing for no such guard.")]);
}

/// <summary>One guard as it is typed.</summary>
/// <param name="name">The name by which the form knows it.</param>
/// <param name="label">What stands before the number.</param>
/// <param name="usual">Its usual bound as a share.</param>
public sealed class GuardText(string name, string label, double? usual)
{
    /// <summary>The name by which the form knows it.</summary>
    public string Name => name;

    /// <summary>What stands before the number.</summary>
    public string Label => label;

    /// <summary>Percent; empty: no such guard.</summary>
    public string Text { get; set; } = usual is { } share ? (100 * share).ToString("0.####", CultureInfo.InvariantCulture) : "";

    /// <summary>As a share; null: no such guard.</summary>
    public double? Share => Number is { } percent ? percent / 100 : null;

    /// <summary>Whether the text is neither a number nor empty.</summary>
    public bool IsWrong => Text.Trim().Length > 0 && Number is null;

    private double? Number => double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}

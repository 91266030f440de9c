using EnergyTTT.History.Runs.Contrasts;
using EnergyTTT.Portal.Ranges;
using EnergyTTT.Portal.Runs;
using EnergyTTT.Wire.Runs;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Runs;

/// <summary>Runs side by side (<c>var-id</c>, repeated; the first is the baseline): differences only.</summary>
public partial class RunComparePage
{
    /// <summary>Who is asked.</summary>
    [Inject] public required IRunSource Source { get; set; }

    private string Complaint { get; set; } = "";

    private IReadOnlyList<string> Ids => State.Variables.TryGetValue("id", out var ids) ? [.. ids.Distinct(StringComparer.OrdinalIgnoreCase)] : [];

    /// <inheritdoc/>
    protected override async Task<RunContrast?> Ask(CancellationToken cancellationToken)
    {
        if (Ids.Count is < 2 or > RunContrasts.MostRuns)
        {
            Complaint = $"The address names {Ids.Count}.";
            return null;
        }

        var runs = new List<RunBundle>();
        foreach (var name in Ids)
        {
            if (!Guid.TryParse(name, out var id) || await Source.Find(id, cancellationToken) is not { } record)
            {
                Complaint = $"There is no run '{name}'.";
                return null;
            }

            runs.Add(record.Bundle);
        }

        return RunContrasts.Of(runs);
    }

    private PageState WithBaseline(Guid baseline, RunContrast contrast) =>
        State.With("id", [baseline.ToString("D"), .. contrast.Runs.Select(run => run.Id).Where(id => id != baseline).Select(id => id.ToString("D"))]);

    private string Said(RunArm? arm, EnergyChange? change)
    {
        var value = Display.Plain(arm?.JoulesPerToken, "").Text;
        return change switch
        {
            null => value,
            { Percent: { } percent, Low: { } low, High: { } high } => $"{value}, {Signed(percent)} % ({Signed(low)} to {Signed(high)})",
            { Percent: { } percent } => $"{value}, {Signed(percent)} % (no interval)",
            { Reason: RunContrast.DifferentOrigin } => $"{value}, of another origin",
            _ => value,
        };
    }

    private string Signed(double percent) => (percent > 0 ? "+" : "") + Display.Plain(percent, "").Text;
}

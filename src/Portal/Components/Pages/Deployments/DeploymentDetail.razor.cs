using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Portal.Charts;
using EnergyTTT.Portal.Components.Controls;
using EnergyTTT.Portal.Deployments;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Portal.Ranges;
using EnergyTTT.Wire.Deployments;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Deployments;

/// <summary>One deployment: its saving, its arms, its ledger, its layers and its replicas.</summary>
public partial class DeploymentDetail
{
    /// <summary>The deployment.</summary>
    [Parameter, EditorRequired] public required DeploymentView View { get; set; }

    /// <summary>Its ledger over the range of the page.</summary>
    [Parameter, EditorRequired] public required EnergyBalance Balance { get; set; }

    /// <summary>What the address says.</summary>
    [Parameter, EditorRequired] public required PageState State { get; set; }

    /// <summary>The time that ages are counted from.</summary>
    [Parameter, EditorRequired] public required DateTimeOffset Now { get; set; }

    /// <summary>How numbers are written.</summary>
    [Parameter, EditorRequired] public required Display Display { get; set; }

    private ArmPlot Energy { get; set; } = new([], []);

    private ArmPlot Distinct { get; set; } = new([], []);

    private ArmPlot Mass { get; set; } = new([], []);

    private string? Mark => OriginBadge.Mark(View.Origin);

    // In step is who runs the epoch in force and has proved it by a digest; an engine that sends no receipts proves nothing.
    private int InStep => View.Epoch == 0 ? 0 : View.Replicas.Count(replica => replica.AppliedEpoch == View.Epoch && replica.DigestMatches == true);

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        Energy = Plot(point => point.JoulesPerToken);
        Distinct = Plot(point => point.DistinctExperts);
        Mass = Plot(point => point.RetainedMass);
    }

    private ArmPlot Plot(Func<SteeringPoint, double?> value) => new(Arm(SteeringArm.Treated, value), Arm(SteeringArm.HeldOut, value));

    private IEnumerable<(DateTimeOffset Time, double? Value)> Arm(SteeringArm arm, Func<SteeringPoint, double?> value) =>
        View.Recent.Where(point => point.Arm == arm).Select(point => (point.Time, value(point)));

    private double? Joules(int layer) => View.Description.CostTable is null ? null : Balance.Layers.FirstOrDefault(entry => entry.Layer == layer)?.Joules;
}

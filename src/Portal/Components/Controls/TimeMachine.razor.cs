using System.Collections.Immutable;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.History.Routers;
using EnergyTTT.Portal.Deployments;
using EnergyTTT.Portal.Displays;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>The kept states of one router and what may be done with them.</summary>
public partial class TimeMachine
{
    private long? _left;
    private long? _right;
    private string? _asked;
    private string? _said;
    private bool _refused;
    private bool _busy;
    private string _target = "";
    private int _targetLayer;
    private SnapshotComparison? _comparison;

    /// <summary>What a person may do.</summary>
    [Inject] public required SteeringDesk Desk { get; set; }

    /// <summary>Who compares.</summary>
    [Inject] public required ISteeringSource Source { get; set; }

    /// <summary>The deployment.</summary>
    [Parameter, EditorRequired] public required string Deployment { get; set; }

    /// <summary>The layer.</summary>
    [Parameter, EditorRequired] public required int Layer { get; set; }

    /// <summary>The router as it is.</summary>
    [Parameter, EditorRequired] public required RouterView Router { get; set; }

    /// <summary>The kept snapshots, newest first.</summary>
    [Parameter, EditorRequired] public required ImmutableArray<SnapshotEntry> Snapshots { get; set; }

    /// <summary>Something was done.</summary>
    [Parameter] public EventCallback Changed { get; set; }

    /// <summary>The zone of written times.</summary>
    [Parameter] public string Zone { get; set; } = "browser";

    /// <summary>How numbers are written.</summary>
    [Parameter, EditorRequired] public required Display Display { get; set; }

    private string Question => _asked switch
    {
        "freeze" => "Stop learning? Proposals stay as they are until you resume.",
        "resume" => "Let the router learn again, from where it stopped?",
        "snapshot" => "Take a snapshot now? It is kept for ever.",
        "back" => $"Go back to snapshot {_right}? What was learned since then is set aside; the present state is not kept unless you take a snapshot first. Learning goes on from there unless frozen.",
        _ => $"Give snapshot {_right} to another router of the same model and shape? Its own state is replaced.",
    };

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        if (_target.Length == 0)
        {
            (_target, _targetLayer) = (Deployment, Layer);
        }
    }

    private void Ask(string deed) => (_asked, _said, _refused) = (deed, null, false);

    private async Task Choose(long? left, long? right)
    {
        (_left, _right) = (left, right);
        _comparison = left is { } one && right is { } other && one != other ? await Source.Compare(Deployment, Layer, one, other, CancellationToken.None) : null;
    }

    private async Task Do()
    {
        if (_asked is not { } deed || _busy)
        {
            return;
        }

        _busy = true;
        try
        {
            var refusal = deed switch
            {
                "freeze" or "resume" => await Desk.Freeze(Deployment, Layer, deed == "freeze"),
                "snapshot" => await Desk.TakeSnapshot(Deployment, Layer),
                "back" => await Desk.RollBack(Deployment, Layer, _right.GetValueOrDefault()),
                _ => await Desk.Fork(Deployment, Layer, _right.GetValueOrDefault(), _target.Trim(), _targetLayer),
            };
            (_refused, _said) = (refusal is not null, refusal is null ? "Done." : $"Not done: {refusal}");
            _asked = refusal is null ? null : _asked;
        }
#pragma warning disable CA1031 // The person is told; the page goes on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            (_refused, _said) = (true, $"Not done: {exception.Message}");
        }
        finally
        {
            _busy = false;
        }

        await Changed.InvokeAsync();
    }
}

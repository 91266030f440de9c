using System.Globalization;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Backtests;
using EnergyTTT.Wire.Policies;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>What a draft would have done over the last hours, beside the policy in force. Follows the draft: asked again a moment after it changed.</summary>
public partial class WhatIf
{
    private const int Hours = 6;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private int _draft;
    private PolicyDocument? _asked;
    private BacktestReport? _report;
    private string? _problem;

    /// <summary>Who is asked.</summary>
    [Inject] public required IPolicySource Source { get; set; }

    /// <summary>The clock.</summary>
    [Inject] public required TimeProvider Clock { get; set; }

    /// <summary>The scope.</summary>
    [Parameter, EditorRequired] public required string Scope { get; set; }

    /// <summary>The draft; without mistakes.</summary>
    [Parameter, EditorRequired] public required PolicyDocument Document { get; set; }

    /// <summary>The zone of written times.</summary>
    [Parameter] public string Zone { get; set; } = "browser";

    /// <summary>What the document is, for people: unique on its page.</summary>
    [Parameter] public string Subject { get; set; } = "this draft";

    private string TitleId => "what-if-" + Subject.Replace(' ', '-');

    private string Error => _report?.Deployments.Select(row => row.Error.JoulesPerTokenPercent).OfType<double>().ToList() is { Count: > 0 } errors
        ? string.Create(CultureInfo.InvariantCulture, $"on this very record the model was off by {errors.Average():0.0} % of J/token.")
        : "the record is too short to say how wrong the model is.";

    /// <inheritdoc/>
    public void Dispose()
    {
        _draft++;
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (_asked == Document)
        {
            return;
        }

        var isFirst = _asked is null;
        _asked = Document;
        var draft = ++_draft;
        try
        {
            if (!isFirst)
            {
                // While a slider moves only its resting place is asked for.
                await Task.Delay(Pause, Clock, CancellationToken.None);
                if (draft != _draft)
                {
                    return;
                }
            }

            var report = await Source.Backtest(Scope, new(Document, Hours), CancellationToken.None);
            (_report, _problem) = draft == _draft ? (report, null) : (_report, _problem);
        }
#pragma warning disable CA1031 // The draft can be saved without a what-if; the person is told that there is none.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _problem = $"There is no what-if now: {exception.Message}.";
        }
    }

    private static string Both(double? now, double? then) => $"{Text(now)} → {Text(then)}";

    private static string Text(double? value) => value?.ToString("0.###", CultureInfo.InvariantCulture) ?? "unknown";

    private static string Change(double? now, double? then) => now is > 0 && then is { } value ? string.Create(CultureInfo.InvariantCulture, $"({100 * ((value / now.Value) - 1):+0.0;-0.0;0} %)") : "";
}

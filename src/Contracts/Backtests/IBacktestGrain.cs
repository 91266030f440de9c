using EnergyTTT.Wire.Backtests;

namespace EnergyTTT.Contracts.Backtests;

/// <summary>
/// What a draft would have done over the recorded past. Key: <c>backtest/SCOPE</c>. Called by the API and the portal as often as a draft changes: the record is kept for a minute, so that
/// only the first question reads it. Changes nothing and may be repeated freely.
/// </summary>
[GrainInterfaceType("backtest")]
public interface IBacktestGrain : IGrainWithStringKey
{
    /// <summary>The key of a scope's grain.</summary>
    static string KeyOf(string scope) => "backtest/" + scope;

    /// <summary>Runs the record through the policy in force and through the draft.</summary>
    [Alias("run")]
    Task<BacktestReport> Run(BacktestRequest request, CancellationToken cancellationToken = default);
}

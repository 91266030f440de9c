using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Meters;

/// <summary>
/// Adds up what the cost table says of each layer of each step, and of the time between batches of an open loop; where it says nothing of one step, the trial has no joules. Seconds, tokens per second and milliseconds are modelled as well: nothing here was measured.
/// </summary>
/// <param name="costs">The cost table.</param>
/// <param name="time">Stamps the readings that learners are told.</param>
internal sealed class ModelledMeter(ModelledCosts costs, TimeProvider time) : ITrialMeter, ITrialClock
{
    private double _joules, _seconds, _step, _elapsed;
    private readonly List<double> _steps = [];
    private bool _unknown;

    public Origin Origin => Origin.Modelled;

    /// <remarks>Power alone: nothing is known of heat or clocks.</remarks>
    public GpuStatistics? Latest => _seconds > 0 ? new() { Time = time.GetUtcNow(), Origin = Origin.Modelled, PowerWatts = _joules / _seconds } : null;

    /// <summary>Modelled seconds since the meter was made.</summary>
    public double Seconds => _elapsed;

    /// <summary>A layer of a step was routed.</summary>
    public void Add(int layer, int tokens, int distinct, long slots)
    {
        if (layer == 0)
        {
            EndStep();
        }

        if (costs.Layer(tokens, distinct) is not var (joules, seconds))
        {
            _unknown = true;
            return;
        }

        _step += seconds;
        Pass(joules, seconds);
    }

    public void WaitUntil(double seconds)
    {
        if (seconds > _elapsed)
        {
            Pass((seconds - _elapsed) * Math.Max(0, costs.Fit.IdleWatts.Value), seconds - _elapsed);
        }
    }

    public void Begin()
    {
        (_joules, _seconds, _step, _unknown) = (0, 0, 0, false);
        _steps.Clear();
    }

    public RunTrial Measure(RunTrial trial, TrialWork work)
    {
        EndStep();
        return trial with
        {
            Seconds = _seconds, Tokens = work.Tokens, Joules = _unknown ? null : _joules, MsPerTokenP50 = Quantiles.Of(_steps, 0.5), MsPerTokenP95 = Quantiles.Of(_steps, 0.95), Codes = _unknown ? [ReasonCode.NoEnergy] : [],
        };
    }

    public RunReceipt Describe(RunReceipt receipt, IReadOnlyList<RunTrial> trials) => receipt with { CalibrationId = costs.CalibrationId };

    public void Dispose()
    {
    }

    private void Pass(double joules, double seconds) => (_joules, _seconds, _elapsed) = (_joules + joules, _seconds + seconds, _elapsed + seconds);

    private void EndStep()
    {
        if (_step > 0)
        {
            _steps.Add(_step * 1000);
            _step = 0;
        }
    }
}

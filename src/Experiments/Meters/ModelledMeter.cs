using EnergyTTT.Experiments.Trials;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Meters;

/// <summary>Adds up what the cost table says of each layer of each step. Seconds, tokens per second and milliseconds are modelled as well: nothing here was measured.</summary>
internal sealed class ModelledMeter(ModelledCosts costs) : ITrialMeter
{
    private double _joules, _seconds, _step;
    private readonly List<double> _steps = [];

    public Origin Origin => Origin.Modelled;

    public GpuStatistics? Latest => null;

    /// <summary>A layer of a step was routed.</summary>
    public void Add(int layer, int tokens, int distinct, long slots)
    {
        var (joules, seconds) = costs.Layer(tokens, distinct);
        if (layer == 0 && _step > 0)
        {
            _steps.Add(_step * 1000);
            _step = 0;
        }

        (_joules, _seconds, _step) = (_joules + joules, _seconds + seconds, _step + seconds);
    }

    public void Begin()
    {
        (_joules, _seconds, _step) = (0, 0, 0);
        _steps.Clear();
    }

    public RunTrial Measure(RunTrial trial, TrialWork work)
    {
        if (_step > 0)
        {
            _steps.Add(_step * 1000);
        }

        _steps.Sort();
        return trial with
        {
            Seconds = _seconds, Tokens = work.Tokens, Joules = _joules, MsPerTokenP50 = Quantiles.Of(_steps, 0.5), MsPerTokenP95 = Quantiles.Of(_steps, 0.95), Codes = [],
        };
    }

    public RunReceipt Describe(RunReceipt receipt, IReadOnlyList<RunTrial> trials) => receipt with { CalibrationId = costs.CalibrationId };

    public void Dispose()
    {
    }
}

using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Cards;
using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Meters;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Selection.Gates;
using TorchSharp;

namespace EnergyTTT.Experiments.Devices;

/// <summary>An NVIDIA GPU: the whole decode path on it, joules from its energy counter.</summary>
internal sealed class CudaDevice(CudaQueue queue, CardWatch watch, TimeProvider time, bool mayRecord) : ExperimentDevice
{
    private readonly CounterMeter _meter = new(watch);
    private GraphStepper? _stepper;

    public override torch.Device Torch { get; } = torch.CUDA;

    public override ITrialMeter Meter => _meter;

    public override CardWatch? Watch => watch;

    public override IReadOnlyList<string> Against => mayRecord && queue.HasGraphs ? [] : [ReasonCode.GpuWaits];

    public override IBatchGate Gate(ArmPlan plan, SelectorShape shape, int layers, int size) => new GpuGate(queue.Selector, shape, layers, size, plan.Strategy.HasBias);

    public override IStepper Stepper() => _stepper = new(queue, time, mayRecord);

    public override ITrialClock Clock { get; } = new WallClock(time);

    public override void Enter() => queue.Enter();

    public override void Begin(string what)
    {
        watch.Phase = what;
        _stepper?.Begin();
    }

    public override double? WaitShare(double seconds) => _stepper?.WaitShare(seconds);

    public override void AfterTraining() => CudaQueue.Wait();

    public override void Dispose()
    {
        _stepper?.Dispose();
        base.Dispose();
        watch.Dispose();
        queue.Dispose();
    }
}

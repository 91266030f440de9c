using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Meters;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Selection.Gates;
using TorchSharp;

namespace EnergyTTT.Experiments.Devices;

/// <summary>What an experiment runs on: where tensors live, what stands at gates, how steps happen, and what knows the joules.</summary>
internal abstract class ExperimentDevice : IDisposable
{
    /// <summary>Where tensors live.</summary>
    public abstract torch.Device Torch { get; }

    /// <summary>What knows the joules.</summary>
    public abstract ITrialMeter Meter { get; }

    /// <summary>Codes against publishing that hold for the whole run.</summary>
    public virtual IReadOnlyList<string> Against => [];

    /// <summary>The CPU, with joules modelled by a cost table; a GPU is refused until it can be measured.</summary>
    /// <exception cref="NotSupportedException">A GPU was asked for.</exception>
    public static ExperimentDevice Open(bool onCuda, ModelledCosts costs, TimeProvider time) => onCuda ? throw new NotSupportedException("--device cuda is not there yet: kernels at the gate and windows from the energy counter have not been run on a card. Use --device cpu, whose joules are modelled and say so.") : new CpuDevice(costs, time);

    /// <summary>What stands at the gates of an arm.</summary>
    public abstract IBatchGate Gate(ArmPlan plan, SelectorShape shape, int layers, int size);

    /// <summary>How steps of a decoder happen.</summary>
    public abstract IStepper Stepper(BatchDecoder decoder);

    /// <summary>Share of time that the device waited for its host under an arm; null where that has no meaning.</summary>
    public virtual double? WaitShare(Arm arm) => null;

    /// <summary>Training is over; its memory may go.</summary>
    public virtual void AfterTraining()
    {
    }

    /// <inheritdoc/>
    public virtual void Dispose() => Meter.Dispose();
}

/// <summary>The CPU: real routing of a real model, joules modelled.</summary>
internal sealed class CpuDevice(ModelledCosts costs, TimeProvider time) : ExperimentDevice
{
    private readonly ModelledMeter _meter = new(costs);

    public override torch.Device Torch { get; } = torch.CPU;

    public override ITrialMeter Meter => _meter;

    public override IBatchGate Gate(ArmPlan plan, SelectorShape shape, int layers, int size) => new CpuGate(shape, layers, plan.Strategy.HasBias ? 256 : 0, _meter.Add);

    public override IStepper Stepper(BatchDecoder decoder) => new EagerStepper(time, null);
}

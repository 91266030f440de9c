using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Meters;
using EnergyTTT.Experiments.Runs;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Experiments.Cards;
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

    /// <summary>What watches the card; null where there is none.</summary>
    public virtual CardWatch? Watch => null;

    /// <summary>The CPU, with joules modelled by a cost table, or an NVIDIA GPU.</summary>
    /// <param name="settings">What is to be run.</param>
    /// <param name="costs">The table.</param>
    /// <param name="gate">The shape of the gates.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="NotSupportedException">A GPU was asked for and there is none, or it cannot be measured.</exception>
    public static ExperimentDevice Open(ExperimentSettings settings, ModelledCosts costs, SelectorShape gate, TimeProvider time)
    {
        if (!settings.OnCuda)
        {
            return new CpuDevice(costs, time);
        }

        var watch = CardWatch.Open(time, settings.Trace);
        try
        {
            return new CudaDevice(new CudaQueue(gate), watch, time, settings.Graphs);
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    /// <summary>Prepares this thread: to be called after every await, since work may have moved to another one.</summary>
    public virtual void Enter()
    {
    }

    /// <summary>Some work begins.</summary>
    /// <param name="what">Its name in the recording of the card.</param>
    public virtual void Begin(string what)
    {
    }

    /// <summary>What stands at the gates of an arm.</summary>
    public abstract IBatchGate Gate(ArmPlan plan, SelectorShape shape, int layers, int size);

    /// <summary>How steps of a batch happen.</summary>
    public abstract IStepper Stepper();

    /// <summary>The time that trials live in.</summary>
    public abstract ITrialClock Clock { get; }

    /// <summary>Share of the seconds since <see cref="Begin"/> in which the device waited for its host; null where that has no meaning.</summary>
    public virtual double? WaitShare(double seconds) => null;

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
    private readonly ModelledMeter _meter = new(costs, time);

    public override torch.Device Torch { get; } = torch.CPU;

    public override ITrialMeter Meter => _meter;

    public override IBatchGate Gate(ArmPlan plan, SelectorShape shape, int layers, int size) => new CpuGate(shape, layers, plan.Strategy.HasBias ? 256 : 0, _meter.Add);

    public override IStepper Stepper() => new EagerStepper(time);

    public override ITrialClock Clock => _meter;
}

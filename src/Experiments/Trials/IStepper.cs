using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Gates;

namespace EnergyTTT.Experiments.Trials;

/// <summary>Makes steps of a batch happen.</summary>
internal interface IStepper : IDisposable
{
    /// <summary>Whether a whole batch is carried through in one go, without a look from the learners in between.</summary>
    bool WholeBatches { get; }

    /// <summary>Makes steps happen and waits for the last.</summary>
    /// <param name="gate">What stands at the gates.</param>
    /// <param name="pass">The batch.</param>
    /// <param name="count">Steps.</param>
    /// <param name="milliseconds">Receives times of steps.</param>
    /// <param name="progress">Told steps that are done for certain, now and then.</param>
    void Steps(IBatchGate gate, CachedPass pass, int count, List<double> milliseconds, Action<int> progress);
}

/// <summary>One operation after the other, as the host asks for them.</summary>
internal sealed class EagerStepper(TimeProvider time) : IStepper
{
    public bool WholeBatches => false;

    public void Steps(IBatchGate gate, CachedPass pass, int count, List<double> milliseconds, Action<int> progress)
    {
        for (var step = 0; step < count; step++)
        {
            var began = time.GetTimestamp();
            pass.Step(gate);
            milliseconds.Add(time.GetElapsedTime(began).TotalMilliseconds);
            progress(step + 1);
        }
    }

    public void Dispose()
    {
    }
}

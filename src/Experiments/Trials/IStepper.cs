using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Decoding;

namespace EnergyTTT.Experiments.Trials;

/// <summary>Makes steps of a batch happen.</summary>
internal interface IStepper
{
    /// <summary>Whether a whole batch is decoded in one go, without a look from the learners in between.</summary>
    bool Together(Arm arm);

    /// <summary>Makes steps happen and waits for the last.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="decoder">The batch.</param>
    /// <param name="count">Steps.</param>
    /// <param name="every">Least time from step to step; null: none.</param>
    /// <param name="milliseconds">Receives times of steps.</param>
    /// <param name="progress">Told steps that are done for certain, now and then.</param>
    void Steps(Arm arm, BatchDecoder decoder, int count, TimeSpan? every, List<double> milliseconds, Action<int> progress);
}

/// <summary>One operation after the other, as the host asks for them.</summary>
internal sealed class EagerStepper(TimeProvider time, Action? wait) : IStepper
{
    public bool Together(Arm arm) => false;

    public void Steps(Arm arm, BatchDecoder decoder, int count, TimeSpan? every, List<double> milliseconds, Action<int> progress)
    {
        for (var step = 0; step < count; step++)
        {
            var began = time.GetTimestamp();
            decoder.Step(arm.Gate);
            wait?.Invoke();
            milliseconds.Add(time.GetElapsedTime(began).TotalMilliseconds);
            while (every is { } least && time.GetElapsedTime(began) < least)
            {
                Thread.SpinWait(50);
            }

            progress(step + 1);
        }
    }
}

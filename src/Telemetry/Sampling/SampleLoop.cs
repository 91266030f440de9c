using System.Runtime.CompilerServices;
using System.Threading.Channels;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Sampling;

/// <summary>
/// Calls a sampler at an even pace on a thread of its own: calls into a driver can block, and must not hold up the rest of the process. The pace is kept by
/// the monotonic clock without drift; steps that were missed are left out, not made up for.
/// </summary>
internal static class SampleLoop
{
    // About a quarter of an hour: a reader that stops for longer loses the oldest batches.
    private const int Capacity = 1000;

    /// <summary>Runs until cancelled and hands on what the steps answer.</summary>
    /// <param name="start">Makes the step on the loop's own thread; it is given a pause that ends early on cancellation. Disposed there at the end.</param>
    public static async IAsyncEnumerable<TelemetryBatch> Run(
        Func<Action<TimeSpan>, (Func<TelemetryBatch?> Step, IDisposable Owner)> start, TimeSpan every, TimeProvider time, ITelemetryLog log, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<TelemetryBatch>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true, SingleWriter = true },
            dropped => log.Write(LogLevel.Error, $"a batch of {dropped.Host} was dropped: nobody took it for {Capacity} s"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var thread = new Thread(() => Loop(start, every, time, channel.Writer, stop.Token)) { IsBackground = true, Name = "sampling" };
        thread.Start();
        try
        {
            await foreach (var batch in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return batch;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            // A call that hangs in the driver cannot be ended; the thread is left to the end of the process then.
            thread.Join(TimeSpan.FromSeconds(2));
        }
    }

    private static void Loop(Func<Action<TimeSpan>, (Func<TelemetryBatch?> Step, IDisposable Owner)> start, TimeSpan every, TimeProvider time, ChannelWriter<TelemetryBatch> writer, CancellationToken cancellationToken)
    {
        try
        {
            var (step, owner) = start(pause => cancellationToken.WaitHandle.WaitOne(pause));
            using (owner)
            {
                var began = time.GetTimestamp();
                for (long round = 0; !cancellationToken.IsCancellationRequested; round++)
                {
                    if (step() is { } batch)
                    {
                        writer.TryWrite(batch);
                    }

                    var wait = every * (round + 1) - time.GetElapsedTime(began);
                    if (wait > TimeSpan.Zero)
                    {
                        cancellationToken.WaitHandle.WaitOne(wait);
                    }
                    else
                    {
                        round += (long)(-wait / every);
                    }
                }
            }

            writer.TryComplete();
        }
        catch (Exception fault)
        {
            // The thread's only reader rethrows it where it can be acted upon.
            writer.TryComplete(fault);
        }
    }
}

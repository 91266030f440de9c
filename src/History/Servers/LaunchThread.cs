using System.Collections.Concurrent;
using System.Diagnostics;

namespace EnergyTTT.History.Servers;

/// <summary>
/// Starts processes from one thread that lives as long as this process. The signal that a child is sent when its parent dies
/// is tied to the thread that started it, and a thread of the pool may end at any time.
/// </summary>
internal static class LaunchThread
{
    private static readonly BlockingCollection<Action> Work = [];
    private static readonly Lazy<Thread> Thread = new(() =>
    {
        var thread = new Thread(() =>
        {
            foreach (var action in Work.GetConsumingEnumerable())
            {
                action();
            }
        })
        {
            IsBackground = true,
            Name = "PostgreSQL launcher",
        };
        thread.Start();
        return thread;
    });

    public static Task<Process> Start(ProcessStartInfo info)
    {
        _ = Thread.Value;
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(info) ?? throw new PrivateServerException($"{info.FileName} did not start."));
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }
}

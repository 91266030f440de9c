using System.Diagnostics;

namespace EnergyTTT.History.Servers;

/// <summary>A server process: a child of ours, or an adopted one that can only be watched.</summary>
internal sealed class RunningServer(int id, Process? child, ServerFolder folder, TimeProvider time)
{
    /// <summary>The process id.</summary>
    public int Id => id;

    /// <summary>Whether the process has ended.</summary>
    public bool HasExited => child is not null ? child.HasExited : !ClusterProcesses.BelongsTo(id, folder.Data);

    /// <summary>Completes when the process has ended.</summary>
    public async Task Exit(CancellationToken cancellationToken)
    {
        if (child is not null)
        {
            await child.WaitForExitAsync(cancellationToken);
            return;
        }

        while (!HasExited)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }
    }
}

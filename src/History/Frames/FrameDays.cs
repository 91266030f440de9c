using System.Collections.Concurrent;
using EnergyTTT.History.Partitions;
using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>The days for which <c>telemetry.frame</c> is known to have a partition; makes what is missing.</summary>
internal sealed class FrameDays
{
    private readonly ConcurrentDictionary<DateOnly, bool> _known = new();

    /// <summary>A partition that was known is gone: all of them are looked for again.</summary>
    public void Forget() => _known.Clear();

    /// <summary>Makes sure that frames of these minutes (counted from year 1) find a partition.</summary>
    public async Task Ensure(NpgsqlConnection connection, IEnumerable<long> minutes, CancellationToken cancellationToken)
    {
        foreach (var minute in minutes)
        {
            var day = DateOnly.FromDayNumber((int)(minute / (24 * 60)));
            if (!_known.ContainsKey(day))
            {
                await AddPartition.Execute(connection, PartitionedTable.Frame, day, cancellationToken);
                _known[day] = true;
            }
        }
    }
}

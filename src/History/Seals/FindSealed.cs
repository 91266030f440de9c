using EnergyTTT.History.Frames;
using EnergyTTT.History.Locks;
using EnergyTTT.History.Rollups;
using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>Finds out which frames are sealed already. What it answers holds until the caller's transaction ends: neither the border nor a sealed hour changes before.</summary>
internal static class FindSealed
{
    /// <summary>The keys among <paramref name="rows"/> that are sealed.</summary>
    public static async Task<HashSet<FrameKey>> Execute(NpgsqlConnection connection, IReadOnlyList<FrameRow> rows, SealBorder border, CancellationToken cancellationToken)
    {
        await AdvisoryLock.Share(connection, AdvisoryLock.SealBorder, cancellationToken);
        await AdvisoryLock.Share(connection, AdvisoryLock.Sealed, cancellationToken);
        border.See(await RollupState.Read(connection, RollupState.Seal, cancellationToken));
        var found = new HashSet<FrameKey>();
        foreach (var hour in rows.Where(row => border.IsBehind(row.Frame.Time.UtcDateTime)).GroupBy(row => SealSpan.Of(row.Frame.Time.UtcDateTime)))
        {
            var late = hour.ToLookup(row => row.GpuId);
            foreach (var (gpu, frames) in await ReadSealed.Execute(connection, [.. late.Select(of => of.Key)], hour.Key, hour.Key + SealSpan.Length, cancellationToken))
            {
                var keys = late[gpu].Select(row => row.Key).ToHashSet();
                var (times, boots, sequences) = (frames[FrameColumn.Time].Bits, frames[FrameColumn.Boot].Bits, frames[FrameColumn.Sequence].Bits);
                for (var row = 0; row < frames.Count; row++)
                {
                    var key = new FrameKey(gpu, SealSpan.Moment(times[row]).Ticks / TimeSpan.TicksPerMicrosecond, (int)boots[row], sequences[row]);
                    if (keys.Contains(key))
                    {
                        found.Add(key);
                    }
                }
            }
        }

        return found;
    }
}

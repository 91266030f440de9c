using System.Collections.Immutable;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.History.Deployments;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Deployments;

/// <summary>What is known of the replicas of a deployment from their feedback and receipts. Lives in memory: it is learned again within a chunk.</summary>
internal sealed class ReplicaBook
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public IEnumerable<Entry> Entries => _entries.Values;

    public Entry this[string replica] => _entries.TryGetValue(replica, out var entry) ? entry : _entries[replica] = new Entry(replica);

    public ImmutableArray<ReplicaView> Views => [.. _entries.Values.OrderBy(entry => entry.Id, StringComparer.Ordinal).Select(entry => entry.View)];

    public void Keep(IReadOnlyList<ReplicaDescription> replicas)
    {
        foreach (var gone in _entries.Keys.Except(replicas.Select(replica => replica.Id)).ToList())
        {
            _entries.Remove(gone);
        }
    }

    public void Count(ChunkFeedback feedback, DateTimeOffset received)
    {
        var entry = this[feedback.Replica];
        entry.LastChunk = Math.Max(entry.LastChunk, feedback.Chunk);
        entry.Epoch = feedback.Epoch;
        entry.Queue = feedback.Queue ?? entry.Queue;
        entry.Signature = feedback.Signature is { } signature ? [.. signature] : entry.Signature;
        entry.BatchTokens = feedback.BatchTokens;
        entry.Unevenness = UnevennessOf(feedback);
        entry.Received = received;

        // What was placed since is now in the replica's own queue or batch.
        entry.Placed = 0;
    }

    /// <summary>A request goes to a replica.</summary>
    public void Place(PlacementAnswer answer, bool treated)
    {
        var entry = this[answer.Replica];
        entry.Placed++;
        if (treated)
        {
            entry.PlacedTreated++;
            entry.ExtraExperts += answer.Reasons.ExtraExperts;
        }
        else
        {
            entry.PlacedHeldOut++;
        }
    }

    /// <summary>Ends a minute: what was placed in it, and how the replicas stand.</summary>
    public ImmutableArray<ReplicaMinute> Close(DateTimeOffset minute) => [.. _entries.Values.Select(entry =>
    {
        var closed = new ReplicaMinute(
            minute, entry.Id, entry.PlacedTreated, entry.PlacedHeldOut, entry.PlacedTreated > 0 ? entry.ExtraExperts / entry.PlacedTreated : null, entry.Load, entry.Queue, [.. entry.Signature ?? []]);
        (entry.PlacedTreated, entry.PlacedHeldOut, entry.ExtraExperts) = (0, 0, 0);
        return closed;
    })];

    private static double UnevennessOf(ChunkFeedback feedback)
    {
        double sum = 0;
        foreach (var layer in feedback.Layers)
        {
            double slots = 0, squares = 0;
            foreach (var count in layer.ExpertCounts)
            {
                slots += count;
                squares += (double)count * count;
            }

            sum += slots > 0 ? Math.Max(0, (squares * layer.ExpertCounts.Count / (slots * slots)) - 1) : 0;
        }

        return feedback.Layers.Count > 0 ? sum / feedback.Layers.Count : 0;
    }

    public sealed class Entry(string id)
    {
        public string Id { get; } = id;
        public long LastChunk { get; set; } = -1;
        public long Epoch { get; set; }
        public long AppliedEpoch { get; set; }
        public bool? DigestMatches { get; set; }
        public int? Queue { get; set; }
        public float[]? Signature { get; set; }
        public double BatchTokens { get; set; }

        /// <summary>Squared coefficient of variation of expert usage, mean over layers.</summary>
        public double Unevenness { get; set; }

        public double Placed { get; set; }
        public int PlacedTreated { get; set; }
        public int PlacedHeldOut { get; set; }
        public double ExtraExperts { get; set; }
        public DateTimeOffset Received { get; set; }

        /// <summary>Requests that decode, wait or are on their way there.</summary>
        public double Load => BatchTokens + (Queue ?? 0) + Placed;

        public ReplicaView View => new(Id, LastChunk, Epoch, AppliedEpoch, DigestMatches, Queue, Load, Received);
    }
}

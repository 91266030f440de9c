using System.Collections.Immutable;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Portal.Fleets;

/// <summary>How well the portal knows the fleet.</summary>
public enum FleetFace
{
    /// <summary>No answer has come yet.</summary>
    Loading,

    /// <summary>The fleet answered, and no GPU has ever been seen.</summary>
    Empty,

    /// <summary>At least one GPU sent within the time that counts as live.</summary>
    Full,

    /// <summary>GPUs are known, but none has sent lately: the last known values are shown with their age.</summary>
    Stale,

    /// <summary>The fleet could not be asked, and nothing is known from before.</summary>
    Error,
}

/// <summary>One snapshot as all circuits see it, with what every page would otherwise sum up for itself. Immutable.</summary>
public sealed class FleetView
{
    private readonly Dictionary<string, GpuState> _byId;

    /// <summary>Sums up a snapshot.</summary>
    /// <param name="snapshot">The newest that is known; null before the first answer.</param>
    /// <param name="now">The moment of this view, by the server's clock.</param>
    /// <param name="staleAfter">Age from which a reading no longer counts as live.</param>
    /// <param name="failure">Why the fleet could not be asked just now; null when it could.</param>
    /// <param name="failingSince">Since when it cannot be asked.</param>
    public FleetView(FleetSnapshot? snapshot, DateTimeOffset now, TimeSpan staleAfter, string? failure = null, DateTimeOffset? failingSince = null)
    {
        Snapshot = snapshot ?? FleetSnapshot.Empty;
        Now = now;
        StaleAfter = staleAfter;
        Failure = failure;
        FailingSince = failingSince;
        _byId = new(Snapshot.Gpus.Length, StringComparer.Ordinal);
        var live = ImmutableArray.CreateBuilder<GpuState>(Snapshot.Gpus.Length);
        foreach (var gpu in Snapshot.Gpus)
        {
            _byId[gpu.Gpu.Value] = gpu;
            if (IsLive(gpu))
            {
                live.Add(gpu);
            }

            Newest = Newest is { } newest && newest >= gpu.Received ? newest : gpu.Received;
            Origin = Origin is { } weakest && weakest >= gpu.Latest.Origin ? weakest : gpu.Latest.Origin;
            Contributing |= 1 << (int)gpu.Latest.Origin;
        }

        Live = live.ToImmutable();
        Totals = FleetTotals.Of(Live);
        Hosts = Snapshot.Gpus.Select(gpu => (gpu.Site, gpu.Rack, gpu.Host)).Distinct().Count();
        LiveHosts = Live.Select(gpu => (gpu.Site, gpu.Rack, gpu.Host)).Distinct().Count();
        Face = (snapshot, failure) switch
        {
            (null, null) => FleetFace.Loading,
            (null, _) => FleetFace.Error,
            _ when Snapshot.Gpus.IsEmpty => failure is null ? FleetFace.Empty : FleetFace.Error,
            _ => Live.IsEmpty ? FleetFace.Stale : FleetFace.Full,
        };
    }

    /// <summary>What is known of every GPU, ordered by site, rack, host and identity.</summary>
    public FleetSnapshot Snapshot { get; }

    /// <summary>The moment of this view; ages count from here.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>Age from which a reading no longer counts as live.</summary>
    public TimeSpan StaleAfter { get; }

    /// <summary>Why the fleet could not be asked just now; null when it could.</summary>
    public string? Failure { get; }

    /// <summary>Since when it cannot be asked.</summary>
    public DateTimeOffset? FailingSince { get; }

    /// <summary>Which face a page shows.</summary>
    public FleetFace Face { get; }

    /// <summary>The GPUs whose newest frame is fresh enough to count.</summary>
    public ImmutableArray<GpuState> Live { get; }

    /// <summary>Sums and extremes over <see cref="Live"/>.</summary>
    public FleetTotals Totals { get; }

    /// <summary>Hosts known.</summary>
    public int Hosts { get; }

    /// <summary>Hosts of which at least one GPU is live.</summary>
    public int LiveHosts { get; }

    /// <summary>When the newest frame of all was received; null when none ever was.</summary>
    public DateTimeOffset? Newest { get; }

    /// <summary>Age of the newest frame; null when there is none.</summary>
    public TimeSpan? Age => Now - Newest;

    /// <summary>The weakest origin among the known GPUs; null when there is none.</summary>
    public Origin? Origin { get; }

    /// <summary>The origins that contribute, strongest first.</summary>
    public IEnumerable<Origin> Origins => Enum.GetValues<Origin>().Where(origin => (Contributing & (1 << (int)origin)) != 0);

    private int Contributing { get; }

    /// <summary>The state of one GPU, or null when it is not known.</summary>
    public GpuState? this[GpuId gpu] => _byId.GetValueOrDefault(gpu.Value);

    /// <summary>Whether the GPU's newest frame is fresh enough to count.</summary>
    public bool IsLive(GpuState gpu)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        return Now - gpu.Received < StaleAfter;
    }
}

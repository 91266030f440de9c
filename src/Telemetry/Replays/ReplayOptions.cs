namespace EnergyTTT.Telemetry.Replays;

/// <summary>A fleet of virtual GPUs that play the recorded trace.</summary>
public sealed record ReplayOptions
{
    /// <summary>Number of virtual GPUs; 1 to 100,000, default 64.</summary>
    public int Gpus { get; init; } = 64;

    /// <summary>GPUs of one host; 1 or more, default 8.</summary>
    public int GpusPerHost { get; init; } = 8;

    /// <summary>Hosts of one rack; 1 or more, default 2.</summary>
    public int HostsPerRack { get; init; } = 2;

    /// <summary>The sites, over which racks are spread evenly in this order; at least one.</summary>
    public IReadOnlyList<string> Sites { get; init; } = ["ams", "fra"];

    /// <summary>Puts every host into this rack; null numbers them <c>r01</c>, <c>r02</c> and so on.</summary>
    public string? Rack { get; init; }

    /// <summary>Begin of the name of every host, before its number; default <c>replay-</c>.</summary>
    public string HostPrefix { get; init; } = "replay-";

    /// <summary>Recorded seconds that pass per second, above 0 and at most 10,000; default 1. Every frame stays one whole recorded second: at 2 every other one is shown, at 0.5 each is shown twice.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>How far in the past the first frame lies, 0 or more; default 0. What lies in the past is played as fast as the reader takes it, then the replay goes on live.</summary>
    public TimeSpan Backfill { get; init; } = TimeSpan.Zero;

    /// <summary>Chooses the identities and the shifts in time: the same seed gives the same GPUs with the same readings.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The run within which sequences count up; null makes a new one, as a started agent does.</summary>
    public string? Boot { get; init; }

    /// <summary>Answers itself when every value lies within its range.</summary>
    /// <exception cref="ArgumentException">Names every value that does not.</exception>
    public ReplayOptions Checked()
    {
        var faults = new List<string>();
        Require(Gpus is >= 1 and <= 100_000, $"{nameof(Gpus)} is {Gpus}; 1 to 100,000 expected");
        Require(GpusPerHost >= 1, $"{nameof(GpusPerHost)} is {GpusPerHost}; 1 or more expected");
        Require(HostsPerRack >= 1, $"{nameof(HostsPerRack)} is {HostsPerRack}; 1 or more expected");
        Require(Sites.Count >= 1, $"{nameof(Sites)} is empty; at least one site expected");
        Require(Speed is > 0 and <= 10_000, $"{nameof(Speed)} is {Speed}; above 0 and at most 10,000 expected");
        Require(Backfill >= TimeSpan.Zero, $"{nameof(Backfill)} is {Backfill}; 0 or more expected");
        return faults.Count == 0 ? this : throw new ArgumentException(string.Join("; ", faults) + ".");

        void Require(bool holds, string fault)
        {
            if (!holds)
            {
                faults.Add(fault);
            }
        }
    }
}

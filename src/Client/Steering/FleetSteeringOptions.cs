using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Client.Steering;

/// <summary>Which replica of which deployment an engine is, and how it keeps in touch with the server.</summary>
/// <param name="Server">The server's address, such as <c>https://energyttt.example</c>.</param>
/// <param name="Key">An API key of role engine for the deployment, <c>ettt_...</c>.</param>
/// <param name="Deployment">The deployment's id.</param>
/// <param name="Replica">This replica's id within the deployment.</param>
/// <param name="Shape">What the gates look like; its bias space must be the deployment's.</param>
/// <param name="Layers">Number of MoE layers, 1 to 1,024.</param>
public sealed record FleetSteeringOptions(Uri Server, string Key, string Deployment, string Replica, SelectorShape Shape, int Layers)
{
    /// <summary>A chunk is reported when it holds this many tokens. Default 2,048; 16 to 1,048,576.</summary>
    public int ChunkTokens { get; init; } = 2048;

    /// <summary>A chunk is reported when it is this old, however small. Default 1 s; 50 ms to 1 h.</summary>
    public TimeSpan ChunkDuration { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a long poll may wait for a new epoch. Default 30 s; 1 s to 5 min.</summary>
    public TimeSpan PollWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long any other call may take. Default 10 s; 100 ms to 5 min.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a placement may take before the engine balances by itself. Default 250 ms; 1 ms to 30 s.</summary>
    public TimeSpan PlacementTimeout { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long <see cref="FleetSteering.ConnectAsync"/> waits for the first epoch before it goes on unsteered. Default 2 s; 0 to 1 min.</summary>
    public TimeSpan FirstEpochWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>No epoch is used for longer than this without news, whatever the server grants. Default 5 min; 1 s to 1 day.</summary>
    public TimeSpan LongestLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Chunks kept while the server is away; the oldest is dropped first and counted. Default 64; 1 to 10,000.</summary>
    public int OutboxLimit { get; init; } = 64;

    /// <summary>Rows of a call whose soft demand, margin and retained mass are looked at; counts are always exact. Default 8; 1 to 4,096.</summary>
    public int SampledRows { get; init; } = 8;

    /// <summary>Ranks of this replica that switch together, for the receipt. Default 1.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>Seed of the reservoirs that pick gate samples.</summary>
    public int Seed { get; init; }

    /// <summary>The clock; the system's when left out.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Sends the requests; a handler of our own when left out. Not disposed here.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>Says all that is wrong with the options at once.</summary>
    /// <exception cref="ArgumentException">Something is.</exception>
    public void Validate()
    {
        var wrong = new List<string>();
        if (!Server.IsAbsoluteUri || Server.Scheme is not ("http" or "https"))
        {
            wrong.Add($"Server is '{Server}': give an absolute http or https address");
        }

        Name(nameof(Key), Key);
        Name(nameof(Deployment), Deployment);
        Name(nameof(Replica), Replica);
        Range(nameof(Layers), Layers, 1, 1024);
        Range(nameof(ChunkTokens), ChunkTokens, 16, 1_048_576);
        Range(nameof(OutboxLimit), OutboxLimit, 1, 10_000);
        Range(nameof(SampledRows), SampledRows, 1, 4096);
        Range(nameof(Ranks), Ranks, 1, 1_000_000);
        Span(nameof(ChunkDuration), ChunkDuration, TimeSpan.FromMilliseconds(50), TimeSpan.FromHours(1));
        Span(nameof(PollWait), PollWait, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        Span(nameof(CallTimeout), CallTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        Span(nameof(PlacementTimeout), PlacementTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30));
        Span(nameof(FirstEpochWait), FirstEpochWait, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Span(nameof(LongestLifetime), LongestLifetime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        if (wrong.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", wrong));
        }

        void Name(string name, string value)
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                wrong.Add($"{name} is empty");
            }
        }

        void Range(string name, int value, int least, int greatest)
        {
            if (value < least || value > greatest)
            {
                wrong.Add($"{name} is {value}: give {least} to {greatest}");
            }
        }

        void Span(string name, TimeSpan value, TimeSpan least, TimeSpan greatest)
        {
            if (value < least || value > greatest)
            {
                wrong.Add($"{name} is {value}: give {least} to {greatest}");
            }
        }
    }
}

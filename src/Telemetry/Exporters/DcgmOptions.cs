using EnergyTTT.Telemetry.Sources;

namespace EnergyTTT.Telemetry.Exporters;

/// <summary>Which exporters are scraped.</summary>
public sealed record DcgmOptions
{
    /// <summary>The endpoints, such as <c>http://gpu-host:9400/metrics</c>; at least one. Each may speak for several hosts.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>Where hosts stand; its name is used for GPUs whose exporter names no host.</summary>
    public required HostPlace Place { get; init; }

    /// <summary>The run within which sequences count up: a new one for each start.</summary>
    public required string Boot { get; init; }

    /// <summary>How often endpoints are scraped; default 1 s. Frames are as long as the exporter takes to renew its counter, 30 s by its default.</summary>
    public TimeSpan ScrapeEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one scrape may take; default 5 s.</summary>
    public TimeSpan ScrapeTimeout { get; init; } = TimeSpan.FromSeconds(5);
}

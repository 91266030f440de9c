using EnergyTTT.Silo.Settings;
using Microsoft.Extensions.Logging.Console;

namespace EnergyTTT.Silo.Starts;

/// <summary>Kestrel and the console, as the product wants them.</summary>
internal static class WebServer
{
    private const long MostBodyBytes = 16 << 20;
    private const string UtcTime = "yyyy-MM-ddTHH:mm:ss.fffZ";

    // What frameworks say at Information is about themselves; keys of cookies lie in the data folder's own place for secrets.
    private static readonly (string Category, LogLevel Least)[] Quiet =
    [
        ("Npgsql", LogLevel.Warning),
        ("Orleans", LogLevel.Warning),
        ("Orleans.Runtime.Silo", LogLevel.Error),
        ("Orleans.Runtime.Watchdog", LogLevel.Error),
        ("EnergyTTT.Grains.Fleet.FleetSliceService", LogLevel.Warning),

        // Two lines for every refused call would fill the disk of whoever lost the database.
        ("EnergyTTT.Silo.Access.ApiKeyHandler", LogLevel.Warning),
        ("Polly", LogLevel.Warning),
        ("Microsoft", LogLevel.Warning),
        ("Microsoft.AspNetCore.DataProtection", LogLevel.Error),
    ];

    /// <summary>Listens on this machine only unless told otherwise; says nothing about itself in headers; bounds what a client may send.</summary>
    public static void AddWebServer(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["urls"]))
        {
            builder.WebHost.UseUrls(ServerSettings.DefaultUrls);
        }

        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });

        // Open batches are answered after their commit, then the silo has its turn.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        builder.Logging.ClearProviders();

        // Lines for a person, or one JSON object a line for a log processor; in UTC either way, so that lines of several machines can be put in order.
        if (builder.Configuration["Logging:Console:FormatterName"] == ConsoleFormatterNames.Json)
        {
            builder.Logging.AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, UtcTime));
        }
        else
        {
            builder.Logging.AddSimpleConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, UtcTime + " "));
        }

        foreach (var (category, level) in Quiet)
        {
            builder.Logging.AddFilter(category, level);
        }
    }
}

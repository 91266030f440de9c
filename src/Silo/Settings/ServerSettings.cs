using System.Net;
using System.Net.Sockets;
using EnergyTTT.Portal.Access;
using Npgsql;

namespace EnergyTTT.Silo.Settings;

/// <summary>What this process is told from outside: command line first, then environment, then <c>appsettings.json</c>.</summary>
public sealed record ServerSettings
{
    /// <summary>Where the product listens when nobody says otherwise: this machine only.</summary>
    public const string DefaultUrls = "http://127.0.0.1:8080";

    /// <summary>Which parts run in this process; <c>--roles silo,portal</c>, by default both.</summary>
    public required Roles Roles { get; init; }

    /// <summary>Whether 64 virtual GPUs replay the recorded trace; <c>--demo</c>.</summary>
    public required bool Demo { get; init; }

    /// <summary>Connection string of an external PostgreSQL, or null for the private one; <c>ConnectionStrings__EnergyTTT</c>.</summary>
    public required string? ConnectionString { get; init; }

    /// <summary>The address that silo and gateway listen on: inside the trust boundary, so loopback unless set; <c>Orleans:Address</c>, an address or a name of this machine.</summary>
    public required IPAddress SiloAddress { get; init; }

    /// <summary>Port of silo-to-silo traffic, 0 for any free one; <c>Orleans:SiloPort</c>.</summary>
    public required int SiloPort { get; init; }

    /// <summary>Port that portal processes connect to, 0 for any free one; <c>Orleans:GatewayPort</c>.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>The machines whose word about whom they ask for is believed (<c>X-Forwarded-For</c>, <c>X-Forwarded-Proto</c>); <c>Proxies__0</c>.</summary>
    public IReadOnlyList<IPAddress> Proxies { get; init; } = [];

    /// <summary>Whether what did not come by TLS is turned away, unless it is from this machine; <c>RequireTls</c>.</summary>
    public bool RequireTls { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingsException">Something cannot be understood; names all that is wrong.</exception>
    public static ServerSettings Read(IConfiguration configuration)
    {
        List<string> faults = [];
        var settings = new ServerSettings
        {
            Roles = ReadRoles(configuration["Roles"], faults),
            Demo = ReadFlag(configuration, "Demo", faults),
            ConnectionString = ReadConnection(configuration.GetConnectionString("EnergyTTT"), faults),
            SiloAddress = ReadAddress(configuration["Orleans:Address"], faults),
            SiloPort = ReadPort(configuration, "Orleans:SiloPort", faults),
            GatewayPort = ReadPort(configuration, "Orleans:GatewayPort", faults),
            Proxies = ReadProxies(configuration, faults),
            RequireTls = ReadFlag(configuration, "RequireTls", faults),
        };
        if (settings.Demo && !settings.Roles.HasFlag(Roles.Silo))
        {
            faults.Add("--demo needs the role silo: the demo's frames go through the intake of this process.");
        }

        var openId = new OpenIdSettings();
        configuration.GetSection("OpenId").Bind(openId);
        faults.AddRange(openId.Faults());
        faults.AddRange(SecondFactorRule.Faults(configuration["Portal:SecondFactorRoles"]));
        return faults.Count == 0 ? settings : throw new SettingsException(string.Join(Environment.NewLine, faults));
    }

    /// <summary>Turns flags without a value, such as <c>--demo</c>, into what the configuration understands.</summary>
    public static string[] Normalise(string[] args)
    {
        List<string> normalised = [];
        for (var i = 0; i < args.Length; i++)
        {
            var bare = args[i] is "--demo" && (i + 1 == args.Length || args[i + 1].StartsWith("--", StringComparison.Ordinal));
            normalised.Add(bare ? "--demo=true" : args[i]);
        }

        return [.. normalised];
    }

    private static Roles ReadRoles(string? text, List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Roles.Silo | Roles.Portal;
        }

        var roles = default(Roles);
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            switch (word.ToLowerInvariant())
            {
                case "silo":
                    roles |= Roles.Silo;
                    break;
                case "portal":
                    roles |= Roles.Portal;
                    break;
                default:
                    faults.Add($"--roles: '{word}' is no role; silo, portal or silo,portal expected.");
                    break;
            }
        }

        return roles;
    }

    private static bool ReadFlag(IConfiguration configuration, string key, List<string> faults)
    {
        var text = configuration[key];
        if (string.IsNullOrEmpty(text) || bool.TryParse(text, out _))
        {
            return string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);
        }

        faults.Add($"{key} is '{text}'; true or false expected.");
        return false;
    }

    private static string? ReadConnection(string? text, List<string> faults)
    {
        const string Example = "such as Host=db;Database=energyttt;Username=energyttt;Password=... expected";
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        try
        {
            var parts = new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(parts.Host) || string.IsNullOrEmpty(parts.Database))
            {
                faults.Add($"ConnectionStrings:EnergyTTT names no host or no database; {Example}.");
            }
        }
        catch (ArgumentException exception)
        {
            // The text itself stays out of the message: it holds a password.
            faults.Add($"ConnectionStrings:EnergyTTT cannot be read ({exception.Message}); {Example}.");
        }

        return text;
    }

    private static IPAddress ReadAddress(string? text, List<string> faults)
    {
        if (string.IsNullOrEmpty(text))
        {
            return IPAddress.Loopback;
        }

        if (IPAddress.TryParse(text, out var address))
        {
            return address;
        }

        try
        {
            // A container knows its name before its address.
            return Dns.GetHostAddresses(text, AddressFamily.InterNetwork).First();
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException or ArgumentException)
        {
            faults.Add($"Orleans:Address is '{text}'; an IP address of this machine, or a name that leads to one, expected, such as 10.0.0.5.");
            return IPAddress.Loopback;
        }
    }

    private static List<IPAddress> ReadProxies(IConfiguration configuration, List<string> faults)
    {
        List<IPAddress> proxies = [];
        foreach (var text in configuration.GetSection("Proxies").GetChildren().Select(child => child.Value ?? ""))
        {
            if (IPAddress.TryParse(text, out var address))
            {
                proxies.Add(address);
            }
            else
            {
                faults.Add($"Proxies has '{text}'; the IP address of a reverse proxy expected, such as 10.0.0.7.");
            }
        }

        return proxies;
    }

    private static int ReadPort(IConfiguration configuration, string key, List<string> faults)
    {
        var text = configuration[key];
        if (string.IsNullOrEmpty(text))
        {
            return 0;
        }

        if (ushort.TryParse(text, out var port))
        {
            return port;
        }

        faults.Add($"{key} is '{text}'; a port from 1 to 65535 expected, or 0 for any free one.");
        return 0;
    }
}

/// <summary>The parts of the product that one process runs.</summary>
[Flags]
public enum Roles
{
    /// <summary>Grains, intake and the API that machines use.</summary>
    Silo = 1,

    /// <summary>Pages and the API that people use.</summary>
    Portal = 2,
}

/// <summary>The settings cannot be understood.</summary>
public sealed class SettingsException(string message) : Exception(message);

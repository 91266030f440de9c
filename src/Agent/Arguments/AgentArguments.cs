using System.Globalization;

namespace EnergyTTT.Agent.Arguments;

/// <summary>The command line, read and checked. Every option may also be written <c>--name=value</c>.</summary>
internal sealed record AgentArguments
{
    private static readonly string[] Sources = ["nvml", "dcgm", "replay"];
    private static readonly string[] CapModes = ["off", "advise", "enforce"];

    public AgentCommand Command { get; private set; } = AgentCommand.Run;

    /// <summary>The server; null only for commands that need none.</summary>
    public Uri? Server { get; private set; }

    public string? Key { get; private set; }

    public string? KeyFile { get; private set; }

    public string? Site { get; private set; }

    public string? Rack { get; private set; }

    public string Host { get; private set; } = Environment.MachineName;

    /// <summary>Whether <see cref="Host"/> was given.</summary>
    public bool HostGiven { get; private set; }

    public string Source { get; private set; } = "nvml";

    public List<Uri> DcgmUrls { get; } = [];

    /// <summary>The folder of the buffer; null chooses the user's own.</summary>
    public string? Buffer { get; private set; }

    public long BufferLimitBytes { get; private set; } = 512L << 20;

    public double Speed { get; private set; } = 1;

    public int Gpus { get; private set; } = 8;

    public TimeSpan Backfill { get; private set; } = TimeSpan.Zero;

    public int Seed { get; private set; } = 1;

    /// <summary>How far this agent follows power caps: <c>off</c>, <c>advise</c> or <c>enforce</c>.</summary>
    public string PowerCaps { get; private set; } = "off";

    /// <summary>The socket between the agent and the helper for power caps.</summary>
    public string CapSocket { get; private set; } = "/run/energyttt-caps/caps.sock";

    /// <summary>Where the helper keeps what the cards had before.</summary>
    public string CapState { get; private set; } = "/var/lib/energyttt-caps/prior-limits.json";

    /// <summary>After this long without a renewal the helper gives a card back.</summary>
    public TimeSpan CapLease { get; private set; } = TimeSpan.FromSeconds(10);

    public bool Json { get; private set; }

    /// <summary>The number of the GPU that <c>accept</c> measures.</summary>
    public int Gpu { get; private set; }

    public double Seconds { get; private set; } = 20;

    public string Label { get; private set; } = "unlabelled";

    /// <summary>Reads a command line.</summary>
    /// <param name="environment">Reads an environment variable.</param>
    /// <returns>The arguments, or null with every fault that was found.</returns>
    public static (AgentArguments? Arguments, string? Fault) Parse(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        var read = new AgentArguments { Key = environment("ENERGYTTT_KEY"), KeyFile = environment("ENERGYTTT_KEY_FILE"), Buffer = environment("ENERGYTTT_AGENT_BUFFER") };
        var faults = new List<string>();
        if (environment("ENERGYTTT_SERVER") is { Length: > 0 } server)
        {
            read.ReadOption("--server", server, faults);
        }

        var i = 0;
        if (args.Count > 0 && !args[0].StartsWith('-'))
        {
            i = 1;
            switch (args[0])
            {
                case "run": break;
                case "check": read.Command = AgentCommand.Check; break;
                case "accept": read.Command = AgentCommand.Accept; break;
                case "cap-helper": read.Command = AgentCommand.CapHelper; break;
                case "help": read.Command = AgentCommand.Help; break;
                case "version": read.Command = AgentCommand.Version; break;
                default: faults.Add($"'{args[0]}' is no command: run, check, accept or cap-helper expected."); break;
            }
        }

        for (; i < args.Count; i++)
        {
            var equals = args[i].StartsWith("--", StringComparison.Ordinal) ? args[i].IndexOf('=', StringComparison.Ordinal) : -1;
            var name = equals < 0 ? args[i] : args[i][..equals];
            if (name is "--help" or "-h")
            {
                read.Command = AgentCommand.Help;
            }
            else if (name == "--version")
            {
                read.Command = AgentCommand.Version;
            }
            else if (name == "--json")
            {
                read.Json = true;
            }
            else if (equals >= 0)
            {
                read.ReadOption(name, args[i][(equals + 1)..], faults);
            }
            else if (i + 1 < args.Count)
            {
                read.ReadOption(name, args[++i], faults);
            }
            else
            {
                faults.Add(AgentHelp.Knows(name) ? $"{name} needs a value." : $"'{name}' is no option.");
            }
        }

        if (read.Command == AgentCommand.Run && read.Server is null && faults.Count == 0)
        {
            faults.Add("--server is missing: the address of the EnergyTTT server, such as --server http://127.0.0.1:8080 (or ENERGYTTT_SERVER).");
        }

        if (read is { PowerCaps: not "off", Source: not "nvml", Command: AgentCommand.Run })
        {
            faults.Add($"--power-caps {read.PowerCaps} needs --source nvml: only the cards of this very host can be capped.");
        }

        if (read is { Source: "dcgm", DcgmUrls.Count: 0, Command: AgentCommand.Run or AgentCommand.Check })
        {
            faults.Add("--source dcgm needs at least one --dcgm-url, such as --dcgm-url http://127.0.0.1:9400/metrics.");
        }

        return faults.Count == 0 || read.Command is AgentCommand.Help or AgentCommand.Version ? (read, null) : (null, string.Join(Environment.NewLine, faults));
    }

    private void ReadOption(string name, string value, List<string> faults)
    {
        switch (name)
        {
            case "--server": Server = Address(name, value, faults); break;
            case "--key": Key = value; break;
            case "--key-file": KeyFile = value; break;
            case "--site": Site = value; break;
            case "--rack": Rack = value; break;
            case "--host": (Host, HostGiven) = (value, true); break;
            case "--source" when Sources.Contains(value): Source = value; break;
            case "--source": faults.Add($"--source is '{value}'; {string.Join(", ", Sources)} expected."); break;
            case "--dcgm-url":
                if (Address(name, value, faults) is { } url)
                {
                    DcgmUrls.Add(url);
                }

                break;
            case "--buffer": Buffer = value; break;
            case "--buffer-limit": BufferLimitBytes = (long)(Number(name, value, 2, 1 << 20, faults) * (1 << 20)); break;
            case "--speed": Speed = Number(name, value, 0.001, 10_000, faults); break;
            case "--gpus": Gpus = (int)Number(name, value, 1, 100_000, faults); break;
            case "--backfill": Backfill = TimeSpan.FromSeconds(Number(name, value, 0, 30 * 86_400, faults)); break;
            case "--seed": Seed = (int)Number(name, value, 0, int.MaxValue, faults); break;
            case "--power-caps" when CapModes.Contains(value): PowerCaps = value; break;
            case "--power-caps": faults.Add($"--power-caps is '{value}'; {string.Join(", ", CapModes)} expected."); break;
            case "--cap-socket": CapSocket = value; break;
            case "--cap-state": CapState = value; break;
            case "--cap-lease": CapLease = TimeSpan.FromSeconds(Number(name, value, 1, 300, faults)); break;
            case "--gpu": Gpu = (int)Number(name, value, 0, 1000, faults); break;
            case "--seconds": Seconds = Number(name, value, 6, 3600, faults); break;
            case "--label": Label = value; break;
            default: faults.Add($"'{name}' is no option."); break;
        }
    }

    private static Uri? Address(string name, string value, List<string> faults)
    {
        if (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            return address;
        }

        faults.Add($"{name} is '{value}'; an address such as http://127.0.0.1:8080 expected.");
        return null;
    }

    private static double Number(string name, string value, double least, double most, List<string> faults)
    {
        if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        faults.Add(string.Create(CultureInfo.InvariantCulture, $"{name} is '{value}'; a number from {least} to {most} expected."));
        return least;
    }
}

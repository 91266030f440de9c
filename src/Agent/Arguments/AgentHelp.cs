using System.Reflection;

namespace EnergyTTT.Agent.Arguments;

/// <summary>What the agent says about itself.</summary>
internal static class AgentHelp
{
    private const string Text = """
        energyttt-agent measures the GPUs of a host and sends one frame per GPU and second to an EnergyTTT server.

        energyttt-agent run --server URL [options]     measure and send until SIGTERM or Ctrl-C
        energyttt-agent check [--json] [options]       print which sensors each GPU has; 0 when every host was read
        energyttt-agent accept [--json] [options]      measure the sensors themselves: ticks, agreement, cost
        energyttt-agent cap-helper [options]           set power limits for the agent and give them back; needs the right to, the agent does not
        energyttt-agent --version

        Where to and as whom
          --server URL          the server (or ENERGYTTT_SERVER)
          --key KEY             the API key; better ENERGYTTT_KEY or a file, since other users can see a command line
          --key-file FILE       a file with the key, read again when it changes (or ENERGYTTT_KEY_FILE)
          --site S --rack R     where the host stands
          --host NAME           the name of the host; default: this machine's. For replay: the beginning of the hosts' names
        What from
          --source nvml         the driver of this host (default)
          --source dcgm         Prometheus endpoints of dcgm-exporter: --dcgm-url URL, once per endpoint
          --source replay       a recorded H100: --gpus N (8), --speed S (1), --backfill SECONDS (0), --seed N (1)
        The buffer, where frames stay until the server has acknowledged them
          --buffer DIR          default /var/lib/energyttt-agent for root, else ~/.local/state/energyttt-agent (or ENERGYTTT_AGENT_BUFFER)
          --buffer-limit MIB    the greatest size per host; default 512
        Power caps
          --power-caps off      default: nothing is asked, nothing is done
          --power-caps advise   show in the portal what policy asks for
          --power-caps enforce  have the helper write it where policy says enforce; it is given back when the policy or the agent ends
          --cap-socket PATH     between agent and helper; default /run/energyttt-caps/caps.sock
          --cap-state FILE      the helper's note of what the cards had before; default /var/lib/energyttt-caps/prior-limits.json
          --cap-lease SECONDS   the helper's watchdog: after this long without the agent a card gets its limit back; default 10
        accept
          --gpu N (0), --seconds S (20), --label TEXT

        Exit codes: 0 done, 1 failed, 2 wrong usage.
        """;

    public static int Print(TextWriter output)
    {
        output.WriteLine(Text);
        return 0;
    }

    public static int PrintVersion(TextWriter output)
    {
        output.WriteLine($"energyttt-agent {typeof(AgentHelp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}");
        return 0;
    }

    /// <summary>Whether the help text names this option.</summary>
    public static bool Knows(string option) => Text.Contains(option + " ", StringComparison.Ordinal);
}

using System.Diagnostics;
using System.Globalization;

namespace EnergyTTT.Faults.Networks;

/// <summary>
/// Two hosts beside this machine, as network namespaces with a cable to it and one between them: what runs in one can be cut off from the other, from this machine, or from one port
/// of it. Needs root's rights, <c>ip</c> and <c>nft</c>.
/// </summary>
internal sealed class TwoHosts : IAsyncDisposable
{
    /// <summary>This machine's address for them.</summary>
    public const string Here = "10.213.77.1";

    private const string Cut = "cut";
    private readonly string _prefix = "ettt" + Guid.NewGuid().ToString("N")[..6];

    private TwoHosts()
    {
    }

    /// <summary>The address of one of them.</summary>
    public static string AddressOf(int host) => string.Create(CultureInfo.InvariantCulture, $"10.213.77.{10 + host}");

    /// <summary>Makes both.</summary>
    public static async Task<TwoHosts> Make()
    {
        var hosts = new TwoHosts();
        try
        {
            await hosts.Wire();
            return hosts;
        }
        catch
        {
            await hosts.DisposeAsync();
            throw;
        }
    }

    /// <summary>What starts a program on one of them.</summary>
    public IReadOnlyList<string> Within(int host) => ["ip", "netns", "exec", NameOf(host)];

    /// <summary>Drops, silently and both ways, what a host exchanges with an address; with a port, only what concerns that port of the address or of the host.</summary>
    public async Task Drop(int host, string address, int? port = null)
    {
        await Inside(host, "nft", "add", "table", "inet", Cut);
        foreach (var (chain, direction) in new[] { ("input", "saddr"), ("output", "daddr") })
        {
            await Inside(host, "nft", $"add chain inet {Cut} {chain} {{ type filter hook {chain} priority 0; }}");
            string[] ports = port is { } number ? [$" tcp sport {number}", $" tcp dport {number}"] : [""];
            foreach (var part in ports)
            {
                await Inside(host, "nft", $"add rule inet {Cut} {chain} ip {direction} {address}{part} drop");
            }
        }
    }

    /// <summary>Lets everything of a host through again.</summary>
    public Task Heal(int host) => Inside(host, "nft", "delete", "table", "inet", Cut);

    public async ValueTask DisposeAsync()
    {
        for (var host = 0; host < 2; host++)
        {
            await Try("ip", "netns", "delete", NameOf(host));
            await Try("ip", "link", "delete", LinkOf(host));
        }
    }

    private async Task Wire()
    {
        for (var host = 0; host < 2; host++)
        {
            await Run("ip", "netns", "add", NameOf(host));
            await Run("ip", "link", "add", LinkOf(host), "type", "veth", "peer", "name", "eth0", "netns", NameOf(host));
            await Run("ip", "addr", "add", Here + "/32", "dev", LinkOf(host));
            await Run("ip", "link", "set", LinkOf(host), "up");
            await Run("ip", "route", "add", AddressOf(host) + "/32", "dev", LinkOf(host), "src", Here);
            await Inside(host, "ip", "link", "set", "lo", "up");
            await Join(host, "eth0", Here);
        }

        await Run("ip", "link", "add", "eth1", "netns", NameOf(0), "type", "veth", "peer", "name", "eth1", "netns", NameOf(1));
        await Join(0, "eth1", AddressOf(1));
        await Join(1, "eth1", AddressOf(0));
    }

    private async Task Join(int host, string link, string other)
    {
        await Inside(host, "ip", "addr", "add", AddressOf(host) + "/32", "dev", link);
        await Inside(host, "ip", "link", "set", link, "up");
        await Inside(host, "ip", "route", "add", other + "/32", "dev", link, "src", AddressOf(host));
    }

    private string LinkOf(int host) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}-{host}");

    private string NameOf(int host) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}-host-{host}");

    private Task Inside(int host, params string[] line) => Run("ip", ["netns", "exec", NameOf(host), .. line]);

    private static async Task Run(string program, params string[] arguments)
    {
        var (code, said) = await Try(program, arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}: {said.Trim()}. Partitions are made with root's rights, iproute2 and nftables.");
        }
    }

    private static async Task<(int Code, string Said)> Try(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true }) ?? throw new InvalidOperationException($"{program} cannot be started.");
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }
}

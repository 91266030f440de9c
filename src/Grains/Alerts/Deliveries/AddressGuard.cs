using System.Net;
using System.Net.Sockets;

namespace EnergyTTT.Grains.Alerts.Deliveries;

/// <summary>
/// Keeps webhooks out of the networks behind this server: an address is looked at when the connection is made, after its name was resolved, so that no name may lead elsewhere later. What the
/// server's own settings allow is allowed.
/// </summary>
internal sealed class AddressGuard
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/127", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(IPNetwork.Parse),
    ];

    private readonly List<IPNetwork> _networks = [];
    private readonly List<string> _names = [];

    /// <exception cref="FormatException">An entry is neither a name nor an address nor a block.</exception>
    public AddressGuard(IEnumerable<string> allow)
    {
        foreach (var entry in allow)
        {
            if (IPNetwork.TryParse(entry, out var network))
            {
                _networks.Add(network);
            }
            else if (IPAddress.TryParse(entry, out var address))
            {
                _networks.Add(new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128));
            }
            else if (Uri.CheckHostName(entry.StartsWith("*.", StringComparison.Ordinal) ? entry[2..] : entry) == UriHostNameType.Dns)
            {
                _names.Add(entry);
            }
            else
            {
                throw new FormatException($"Alerts:Webhooks:Allow holds '{entry}'; a name, *.name, an address or a block such as 10.1.0.0/16 expected.");
            }
        }
    }

    /// <summary>Whether the settings name this host itself.</summary>
    public bool IsNamed(string host) =>
        _names.Any(name => name.StartsWith("*.", StringComparison.Ordinal) ? host.EndsWith(name[1..], StringComparison.OrdinalIgnoreCase) : string.Equals(host, name, StringComparison.OrdinalIgnoreCase))
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IsListed(address));

    /// <summary>Whether a webhook to that host may go to that address.</summary>
    public bool Admits(string host, IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IsNamed(host) || IsListed(plain) || !NotPublic.Any(network => network.BaseAddress.AddressFamily == plain.AddressFamily && network.Contains(plain));
    }

    /// <summary>Opens a connection to the first address that is admitted.</summary>
    /// <exception cref="HttpRequestException">None is.</exception>
    public async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var found = await Dns.GetHostAddressesAsync(host, cancellationToken);
        var admitted = found.Where(address => Admits(host, address)).ToArray();
        if (admitted.Length == 0)
        {
            throw new BlockedAddressException($"{host} is at {string.Join(", ", found.Select(address => address.ToString()))}, which is not public; name it in Alerts:Webhooks:Allow if webhooks may go there.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(admitted, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsListed(IPAddress address) => _networks.Any(network => network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address));
}

/// <summary>A webhook may not go there; trying again does not help.</summary>
internal sealed class BlockedAddressException(string message) : Exception(message);

using System.Net;
using System.Net.Sockets;

namespace EnergyTTT.Silo.Clusters;

/// <summary>Finds ports that nobody listens on, so that two servers with different folders run side by side on one machine.</summary>
internal static class FreePorts
{
    /// <summary>As many different free ports of the address as there are wishes; a wish other than 0 is granted as it is.</summary>
    public static int[] Find(IPAddress address, params ReadOnlySpan<int> wishes)
    {
        List<Socket> held = [];
        try
        {
            var ports = new int[wishes.Length];
            for (var i = 0; i < ports.Length; i++)
            {
                ports[i] = wishes[i] == 0 ? Hold(address, held) : wishes[i];
            }

            return ports;
        }
        finally
        {
            foreach (var socket in held)
            {
                socket.Dispose();
            }
        }
    }

    private static int Hold(IPAddress address, List<Socket> held)
    {
        // Held until all are found, so that the same port is not found twice.
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        held.Add(socket);
        socket.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port; // bound in the line before
    }
}

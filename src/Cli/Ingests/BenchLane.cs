using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EnergyTTT.Cli.Ingests;

/// <summary>One kept-alive HTTP/1.1 connection of the load. Plain sockets: a general client costs more processor time than the server under test.</summary>
internal sealed class BenchLane(EndPoint server) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 << 10];
    private Socket? _socket;

    /// <summary>Sends one request and reads its answer: the status and, for 200, the frames accepted.</summary>
    public async Task<(int Status, int Accepted)> Post(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        if (_socket is null)
        {
            _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await _socket.ConnectAsync(server, cancellationToken);
        }

        while (request.Length > 0)
        {
            request = request[await _socket.SendAsync(request, cancellationToken)..];
        }

        var length = 0;
        while (true)
        {
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                throw new IOException("The server closed the connection before its answer was whole.");
            }

            length += read;
            if (Whole(_buffer.AsSpan(0, length)) is { } answer)
            {
                if (answer.Status != 200)
                {
                    Dispose();
                }

                return answer;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private static (int Status, int Accepted)? Whole(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }

        var status = int.Parse(Encoding.ASCII.GetString(bytes.Slice(9, 3)), CultureInfo.InvariantCulture);
        if (status != 200)
        {
            // The connection is given up after a refusal, so the rest of the answer need not be read.
            return (status, 0);
        }

        var head = bytes[..end];
        var at = head.IndexOf("Content-Length: "u8);
        if (at < 0)
        {
            throw new IOException("A receipt without a length.");
        }

        var size = Number(head[(at + 16)..]);
        var body = bytes[(end + 4)..];
        return body.Length < size ? null : (status, Number(body[(body.IndexOf("\"accepted\":"u8) + 11)..]));
    }

    private static int Number(ReadOnlySpan<byte> digits)
    {
        var value = 0;
        for (var i = 0; i < digits.Length && char.IsAsciiDigit((char)digits[i]); i++)
        {
            value = (10 * value) + digits[i] - '0';
        }

        return value;
    }
}

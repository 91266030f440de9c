using System.Net.Sockets;
using System.Text.Json;

namespace EnergyTTT.Telemetry.PowerCaps;

/// <summary>The agent's side of the helper's socket. One request at a time; a helper that is away is an answer.</summary>
internal sealed class CapLine(string socketPath) : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private NetworkStream? _stream;
    private StreamReader? _reader;

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader?.Dispose();
        _stream?.Dispose();
        (_reader, _stream) = (null, null);
    }

    /// <summary>Asks the helper.</summary>
    public async Task<CapAnswer> Ask(CapRequest request, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(LongestWait);
        try
        {
            if (_stream is null)
            {
                _stream = await Connect(patience.Token);
                _reader = new StreamReader(_stream);
            }

            await _stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(request, PowerCapJson.Default.CapRequest), patience.Token);
            await _stream.WriteAsync("\n"u8.ToArray(), patience.Token);
            if (await _reader!.ReadLineAsync(patience.Token) is { } line && JsonSerializer.Deserialize(line, PowerCapJson.Default.CapAnswer) is { } answer) // made with the stream
            {
                return answer;
            }
        }
        catch (Exception fault) when (fault is SocketException or IOException or JsonException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Below.
        }

        Dispose();
        return new CapAnswer("refused", 0, $"the helper for power caps does not answer at {socketPath}: start energyttt-agent cap-helper");
    }

    private async Task<NetworkStream> Connect(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

using System.Net.Sockets;
using System.Text.Json;
using EnergyTTT.Telemetry.Logs;

namespace EnergyTTT.Telemetry.PowerCaps;

/// <summary>
/// The process that may set power limits: it listens on a socket of this machine for lines of <see cref="CapRequest"/>, and does nothing else. Who may write to the socket
/// is decided by its folder's and its own file mode.
/// </summary>
internal sealed class CapHelper(string socketPath, CapKeeper keeper, TimeProvider time, ITelemetryLog log)
{
    private const int LongestLine = 1024;
    private const UnixFileMode OwnerAndGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Serves until told to stop, then gives every card back what it had.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        keeper.Recover();
        File.Delete(socketPath);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(socketPath));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(socketPath, OwnerAndGroup);
        }

        listener.Listen(8);
        log.Write(LogLevel.Information, $"power caps are taken at {socketPath}");
        var watching = Watch(cancellationToken);
        try
        {
            while (true)
            {
                _ = Serve(await listener.AcceptAsync(cancellationToken), cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }

        await watching;
        keeper.ReleaseAll("the helper was told to stop");
        File.Delete(socketPath);
    }

    private async Task Watch(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(WatchInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                keeper.Watch();
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    private async Task Serve(Socket accepted, CancellationToken cancellationToken)
    {
        using var stream = new NetworkStream(accepted, ownsSocket: true);
        using var reader = new StreamReader(stream);
        try
        {
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(Answer(line), PowerCapJson.Default.CapAnswer), cancellationToken);
                await stream.WriteAsync("\n"u8.ToArray(), cancellationToken);
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException)
        {
            // The agent went away; its leases run out.
        }
    }

    private CapAnswer Answer(string line)
    {
        try
        {
            var request = line.Length <= LongestLine ? JsonSerializer.Deserialize(line, PowerCapJson.Default.CapRequest) : null;
            return request switch
            {
                { Op: "hold", Gpu: not null } => keeper.Hold(request.Gpu, request.Watts),
                { Op: "release", Gpu: not null } => keeper.Release(request.Gpu, "the policy ended or the agent stopped"),
                _ => new CapAnswer("refused", 0, "hold or release of a GPU expected"),
            };
        }
        catch (JsonException)
        {
            return new CapAnswer("refused", 0, "one line of JSON expected");
        }
    }
}

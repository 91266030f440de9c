using System.Net.Sockets;
using Testcontainers.PostgreSql;

namespace EnergyTTT.Testing.Databases;

/// <summary>A PostgreSQL container, where a Docker engine answers and can get the image.</summary>
internal static class DockerPostgres
{
    private const string Image = "postgres:17";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The connection string; null when there is no engine, or it cannot run the image.</summary>
    public static async Task<string?> TryStart()
    {
        if (!await EngineAnswers())
        {
            return null;
        }

        try
        {
            using var patience = new CancellationTokenSource(Patience);
            var container = new PostgreSqlBuilder(Image).WithCommand("-c", "fsync=off", "-c", "max_connections=200").Build();
            await container.StartAsync(patience.Token);
            AppDomain.CurrentDomain.ProcessExit += (_, _) => container.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(10));
            return container.GetConnectionString();
        }
        catch (Exception e)
        {
            // Offline, the engine may be there and the image not: the next kind of server is as real.
            await Console.Error.WriteLineAsync($"A Docker engine answers but cannot run {Image} ({e.Message}); trying the machine's own PostgreSQL.");
            return null;
        }
    }

    private static async Task<bool> EngineAnswers()
    {
        var host = Environment.GetEnvironmentVariable("DOCKER_HOST");
        if (!string.IsNullOrEmpty(host) && !host.StartsWith("unix://", StringComparison.Ordinal))
        {
            return true;
        }

        var path = string.IsNullOrEmpty(host) ? "/var/run/docker.sock" : host["unix://".Length..];
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

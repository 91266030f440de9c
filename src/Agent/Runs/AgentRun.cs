using EnergyTTT.Agent.Arguments;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.PowerCaps;
using EnergyTTT.Telemetry.Uploads;

namespace EnergyTTT.Agent.Runs;

/// <summary><c>run</c>: from the source into the buffer, from the buffer to the server, until a signal ends it.</summary>
internal static class AgentRun
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(3);

    public static async Task<int> Run(AgentArguments arguments)
    {
        var time = TimeProvider.System;
        var log = new StreamLog(Console.Error, time);
        using var stop = new StopSignals();
        var key = new AgentKey(arguments.Key, arguments.KeyFile);
        if (key.Current() is null)
        {
            log.Write(LogLevel.Warning, "no key was given (--key-file, ENERGYTTT_KEY): the server will refuse unless it asks for none");
        }

        // Guaranteed by the check of the arguments: run has a server.
        var options = new UploadOptions { Server = arguments.Server!, Key = key.Current, BufferFolder = arguments.Buffer ?? DefaultBuffer(), BufferLimitBytes = arguments.BufferLimitBytes };
        using var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5), AllowAutoRedirect = false, UseCookies = false };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        await using var uploader = new Uploader(options, client, time, new Random(HashCode.Combine(Environment.ProcessId, time.GetTimestamp())), log);
        await using var source = AgentSources.Create(arguments, client, time, log);
        using var follower = arguments.PowerCaps == "off" ? null : new CapFollower(
            new CapFollowerOptions { Server = arguments.Server!, Host = arguments.Host, Key = key.Current, HelperSocket = arguments.PowerCaps == "enforce" ? arguments.CapSocket : null }, client, time, log); // as above
        var following = follower?.Run(stop.Token) ?? Task.CompletedTask;
        log.Write(LogLevel.Information, $"started: source {source.Name}, server {options.Server}, buffer {options.BufferFolder}");
        try
        {
            await foreach (var batch in source.Read(stop.Token))
            {
                uploader.Enqueue(follower?.Annotate(batch) ?? batch);
            }
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            // Told to stop.
        }

        await following;
        var delivered = await uploader.Drain(LastWords);
        log.Write(LogLevel.Information, $"stopped: {uploader.Statistics}, given up {uploader.Dropped} batches{(delivered ? "" : "; what is left in the buffer is sent by the next run")}");
        return 0;
    }

    private static string DefaultBuffer() => Environment.IsPrivilegedProcess
        ? "/var/lib/energyttt-agent"
        : Path.Combine(Environment.GetEnvironmentVariable("XDG_STATE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"), "energyttt-agent");
}

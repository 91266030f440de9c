using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EnergyTTT.History.Servers;

/// <summary>
/// A PostgreSQL server of this installation's own, made from the machine's PostgreSQL programs: created at the first start,
/// restarted when it crashes, stopped when this object is disposed, and ended by the kernel when this process is killed.
/// Linux only. One process owns it; others find it with <see cref="ConnectTo"/>.
/// </summary>
public sealed partial class PrivateServer : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(30);

    private readonly ServerFolder _folder;
    private readonly ServerPrograms _programs;
    private readonly ServerAddress _address;
    private readonly FileStream _lock;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private RunningServer _server;
    private Task _supervision = Task.CompletedTask;

    private PrivateServer(ServerFolder folder, ServerPrograms programs, ServerAddress address, RunningServer server, FileStream ownerLock, TimeProvider time, ILogger logger)
    {
        _folder = folder;
        _programs = programs;
        _address = address;
        _server = server;
        _lock = ownerLock;
        _time = time;
        _logger = logger;
        ConnectionString = folder.ConnectionString(address, ServerFolder.Name);
    }

    /// <summary>How to reach the database. Stays the same over restarts of the server.</summary>
    public string ConnectionString { get; }

    /// <summary>The process id of the server; changes when it is restarted.</summary>
    public int ProcessId => _server.Id;

    /// <summary>Starts the server, or adopts the one that an earlier, killed owner left behind, and waits until it answers.</summary>
    /// <exception cref="PrivateServerException">No programs, no account, another owner, or the server does not come up; says which and what to do.</exception>
    public static Task<PrivateServer> StartAsync(DataFolder folder, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken) =>
        StartAsync(folder, [], loggers, time, cancellationToken);

    /// <summary>As the other, with settings of the server that go before the product's own, such as <c>shared_buffers=4GB</c>.</summary>
    /// <inheritdoc cref="StartAsync(DataFolder, ILoggerFactory, TimeProvider, CancellationToken)"/>
    public static async Task<PrivateServer> StartAsync(DataFolder folder, IReadOnlyList<string> settings, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger<PrivateServer>();
        var place = new ServerFolder(folder);
        var ownerLock = TakeLock(place);
        try
        {
            var account = ServerAccount.ForThisProcess();
            var programs = new ServerPrograms(place, PostgresBinaries.Find(place.HasData ? place.DataMajor : null), account, settings);
            await programs.Prepare(cancellationToken);
            var (server, address) = await AdoptOrLaunch(place, programs, time, logger, cancellationToken);
            await EnsureDatabase(place, address, cancellationToken);
            var started = new PrivateServer(place, programs, address, server, ownerLock, time, logger);
            started._supervision = Task.Run(started.Supervise, CancellationToken.None);
            LogReady(logger, server.Id, address.Host, address.Port);
            return started;
        }
        catch
        {
            await ownerLock.DisposeAsync();
            throw;
        }
    }

    /// <summary>The connection string of the private server that runs on this folder; null when none does.</summary>
    public static string? ConnectTo(DataFolder folder)
    {
        var place = new ServerFolder(folder);
        return place.RunningAddress() is { } address && ClusterProcesses.Postmaster(place.Data) is not null
            ? place.ConnectionString(address, ServerFolder.Name)
            : null;
    }

    /// <summary>Whether a process, this or another, holds the folder as the owner of its private server. Changes nothing.</summary>
    public static bool IsOwned(DataFolder folder)
    {
        var place = new ServerFolder(folder);
        if (!File.Exists(place.OwnerLock))
        {
            return false;
        }

        try
        {
            TakeLock(place).Dispose();
            return false;
        }
        catch (PrivateServerException)
        {
            return true;
        }
    }

    /// <summary>Stops the server cleanly.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _supervision;
        await Stop(_server);
        await _lock.DisposeAsync();
        _stopping.Dispose();
    }

    private static FileStream TakeLock(ServerFolder place)
    {
        try
        {
            return new FileStream(place.OwnerLock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new PrivateServerException($"Another EnergyTTT server uses the folder {Path.GetDirectoryName(place.OwnerLock)}. Stop it, or name another folder with {DataFolder.Variable}.", e);
        }
    }

    private static async Task<(RunningServer, ServerAddress)> AdoptOrLaunch(
        ServerFolder place, ServerPrograms programs, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await Adopt(place, time, logger, cancellationToken) ?? await Launch(place, programs, place.ChooseAddress(), time, cancellationToken);
            }
            catch (PrivateServerException) when (tries < 3 && ClusterProcesses.Postmaster(place.Data) is not null)
            {
                // Someone's server was just coming up and not to be seen yet: ours gave way to it.
            }
        }
    }

    /// <summary>Takes over a server that runs already on this data directory; null when there is none, or once it has gone.</summary>
    private static async Task<(RunningServer, ServerAddress)?> Adopt(ServerFolder place, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (ClusterProcesses.Postmaster(place.Data) is { } id)
        {
            if (place.RunningAddress() is { } address && await TryConnect(place, address, cancellationToken) is null)
            {
                LogAdopted(logger, id);
                return (new RunningServer(id, null, place, time), address);
            }

            // It is coming up, or going down since its owner was killed a moment ago.
            if (time.GetElapsedTime(started) > StartPatience)
            {
                throw new PrivateServerException($"A PostgreSQL server (process {id}) runs on {place.Data} and does not answer. End it with: kill -QUIT {id}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
        }

        await EndStragglers(place, time, cancellationToken);
        return null;
    }

    private static async Task<(RunningServer Server, ServerAddress Address)> Launch(ServerFolder place, ServerPrograms programs, ServerAddress address, TimeProvider time, CancellationToken cancellationToken)
    {
        var process = await programs.Start(address);
        var server = new RunningServer(process.Id, process, place, time);
        var started = time.GetTimestamp();
        while (true)
        {
            var refusal = await TryConnect(place, address, cancellationToken);
            if (refusal is null)
            {
                return (server, address);
            }

            if (server.HasExited)
            {
                throw new PrivateServerException($"PostgreSQL ended while starting on {place.Data}: {programs.LastWords()}");
            }

            if (refusal is PostgresException { SqlState: PostgresErrorCodes.InvalidPassword })
            {
                await Stop(server);
                throw new PrivateServerException($"PostgreSQL on {place.Data} does not know the password in the data folder's secrets. Put back the file secrets/postgresql-password that belongs to this data.", refusal);
            }

            if (time.GetElapsedTime(started) > StartPatience)
            {
                await Stop(server);
                throw new PrivateServerException($"PostgreSQL on {place.Data} did not answer within {StartPatience.TotalSeconds:0} s: {refusal.Message} {programs.LastWords()}", refusal);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(25), time, cancellationToken);
        }
    }

    /// <summary>Null when the server answers; else why not.</summary>
    private static async Task<Exception?> TryConnect(ServerFolder place, ServerAddress address, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(Unpooled(place, address));
            await connection.OpenAsync(cancellationToken);
            return null;
        }
        catch (Exception e) when (e is NpgsqlException or IOException or System.Net.Sockets.SocketException or TimeoutException)
        {
            return e;
        }
    }

    private static async Task EnsureDatabase(ServerFolder place, ServerAddress address, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(Unpooled(place, address));
        await connection.OpenAsync(cancellationToken);

        // language=sql
        await using var find = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = ServerFolder.Name } } };
        if (await find.ExecuteScalarAsync(cancellationToken) is null)
        {
            // language=sql
            await using var create = new NpgsqlCommand($"create database {ServerFolder.Name}", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static string Unpooled(ServerFolder place, ServerAddress address) =>
        new NpgsqlConnectionStringBuilder(place.ConnectionString(address, "postgres")) { Pooling = false, Timeout = 5 }.ConnectionString;

    private async Task Supervise()
    {
        try
        {
            while (true)
            {
                await _server.Exit(_stopping.Token);
                LogCrashed(_logger, _server.Id);
                var pause = TimeSpan.FromMilliseconds(100);
                while (!await Restart())
                {
                    await Task.Delay(pause, _time, _stopping.Token);
                    pause = pause * 2 > TimeSpan.FromSeconds(5) ? TimeSpan.FromSeconds(5) : pause * 2;
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopping: whoever cancelled ends the server.
        }
    }

    private async Task<bool> Restart()
    {
        try
        {
            await EndStragglers(_folder, _time, _stopping.Token);
            (_server, _) = await Launch(_folder, _programs, _address, _time, _stopping.Token);
            LogRestarted(_logger, _server.Id);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogRestartFailed(_logger, e.Message);
            return false;
        }
    }

    /// <summary>After a crash the children hold the shared memory, and no server starts until the last of them has gone.</summary>
    private static async Task EndStragglers(ServerFolder place, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (ClusterProcesses.All(place.Data) is { Count: > 0 } stragglers)
        {
            var signal = time.GetElapsedTime(started) < TimeSpan.FromSeconds(5) ? Posix.Quit : Posix.Kill9;
            foreach (var id in stragglers)
            {
                Posix.Signal(id, signal);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }
    }

    private static async Task Stop(RunningServer server)
    {
        foreach (var (signal, patience) in new[] { (Posix.Interrupt, StopPatience), (Posix.Quit, TimeSpan.FromSeconds(10)), (Posix.Kill9, TimeSpan.FromSeconds(5)) })
        {
            if (server.HasExited)
            {
                return;
            }

            Posix.Signal(server.Id, signal);
            using var waited = new CancellationTokenSource(patience);
            try
            {
                await server.Exit(waited.Token);
                return;
            }
            catch (OperationCanceledException)
            {
                // Next, harder.
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Private PostgreSQL is ready: process {ProcessId}, {Host}, port {Port}")]
    private static partial void LogReady(ILogger logger, int processId, string host, int port);

    [LoggerMessage(Level = LogLevel.Information, Message = "Private PostgreSQL of an earlier owner was adopted: process {ProcessId}")]
    private static partial void LogAdopted(ILogger logger, int processId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Private PostgreSQL (process {ProcessId}) ended unexpectedly and is being restarted")]
    private static partial void LogCrashed(ILogger logger, int processId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Private PostgreSQL was restarted: process {ProcessId}")]
    private static partial void LogRestarted(ILogger logger, int processId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Private PostgreSQL could not be restarted and is tried again: {Reason}")]
    private static partial void LogRestartFailed(ILogger logger, string reason);
}

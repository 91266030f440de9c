using EnergyTTT.History;
using EnergyTTT.History.Migrations;
using EnergyTTT.History.Servers;
using Npgsql;

namespace EnergyTTT.Testing.Databases;

/// <summary>
/// The one PostgreSQL server of a test process: a container where a Docker engine answers, else a throw-away server from the
/// machine's own PostgreSQL programs, else the server that <c>ENERGYTTT_TEST_DB</c> names. With none of the three every test that
/// asks for it fails and says what to install: a test that silently does nothing is worse than a red one.
/// The schema is made once, in a template; each database that a test asks for is a copy of it.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "One per process, and it lives as long.")]
public sealed class PostgresServer
{
    /// <summary>Names an existing server (a connection string whose user may create databases) when there is nothing else.</summary>
    public const string Variable = "ENERGYTTT_TEST_DB";

    private static readonly Lazy<Task<PostgresServer>> TheOne = new(Start);

    private readonly string _connectionString;
    private readonly SemaphoreSlim _oneCopyAtATime = new(1);
    private readonly string _template = $"ettt_template_{Environment.ProcessId}_{Guid.NewGuid():N}"[..40];
    private bool _templateMade;

    private PostgresServer(string kind, string connectionString)
    {
        Kind = kind;
        _connectionString = connectionString;
    }

    /// <summary>The server of this process, started at the first call.</summary>
    public static Task<PostgresServer> Shared => TheOne.Value;

    /// <summary>Where the server comes from: <c>container</c>, <c>private</c> or <c>external</c>.</summary>
    public string Kind { get; }

    /// <summary>Makes a database with the product's schema and answers its connection string.</summary>
    public async Task<string> CreateDatabase(CancellationToken cancellationToken = default)
    {
        await _oneCopyAtATime.WaitAsync(cancellationToken);
        try
        {
            if (!_templateMade)
            {
                await Run($"create database {_template}", cancellationToken);
                await using var source = HistoryRegistration.OpenSource(Database(_template, pooled: false));
                await Migrator.Migrate(source, cancellationToken);
                _templateMade = true;
            }

            return await Create($"template {_template}", cancellationToken);
        }
        finally
        {
            _oneCopyAtATime.Release();
        }
    }

    /// <summary>Makes a database with nothing in it and answers its connection string.</summary>
    public Task<string> CreateEmptyDatabase(CancellationToken cancellationToken = default) => Create("template template0", cancellationToken);

    /// <summary>Removes a database that one of the other two has made, whoever is connected to it.</summary>
    public Task DropDatabase(string connectionString, CancellationToken cancellationToken = default) =>
        Run($"drop database if exists {new NpgsqlConnectionStringBuilder(connectionString).Database} with (force)", cancellationToken);

    private static async Task<PostgresServer> Start()
    {
        var server = await DockerPostgres.TryStart() is { } container ? new PostgresServer("container", container)
            : await ThrowAwayPostgres.TryStart() is { } cluster ? new PostgresServer("private", cluster)
            : Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } external ? new PostgresServer("external", external)
            : throw new InvalidOperationException(
                "The tests need a real PostgreSQL, and found no Docker engine, no PostgreSQL server programs and no connection string. " +
                $"{PostgresBinaries.HowToInstall} For the tests alone, {Variable} can name a server instead.");
        return server;
    }

    private async Task<string> Create(string template, CancellationToken cancellationToken)
    {
        var name = $"ettt_{Guid.NewGuid():N}";
        await Run($"create database {name} {template}", cancellationToken);
        return Database(name, pooled: true);
    }

    private async Task Run(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private string Database(string name, bool pooled) =>
        new NpgsqlConnectionStringBuilder(_connectionString) { Database = name, Pooling = pooled, MaxPoolSize = 20 }.ConnectionString;
}

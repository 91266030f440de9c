using EnergyTTT.History;
using EnergyTTT.History.Migrations;
using EnergyTTT.History.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EnergyTTT.Cli.Servers;

/// <summary>
/// The product's database for commands on the server's own machine: the external one when its setting is there, else the private one of the
/// data folder, which is started for the moment when the product does not run. Who may read the folder owns the product.
/// </summary>
internal sealed class LocalDatabase : IAsyncDisposable
{
    private const string ConnectionVariable = "ConnectionStrings__EnergyTTT";
    private readonly PrivateServer? _started;

    private LocalDatabase(PrivateServer? started, string connectionString)
    {
        _started = started;
        ConnectionString = connectionString;
        Source = HistoryRegistration.OpenSource(connectionString);
    }

    /// <summary>How to reach it.</summary>
    public string ConnectionString { get; }

    /// <summary>The database.</summary>
    public NpgsqlDataSource Source { get; }

    /// <summary>Opens it, at the schema of this program.</summary>
    public static async Task<LocalDatabase> Open(CancellationToken cancellationToken)
    {
        var database = await Find(cancellationToken);
        try
        {
            if (database._started is not null)
            {
                await Migrator.Migrate(database.Source, cancellationToken);
            }

            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens it as it is, to be filled.</summary>
    public static Task<LocalDatabase> OpenEmpty(CancellationToken cancellationToken) => Find(cancellationToken);

    private static async Task<LocalDatabase> Find(CancellationToken cancellationToken)
    {
        var external = Environment.GetEnvironmentVariable(ConnectionVariable);
        var folder = DataFolder.Resolve();
        if ((string.IsNullOrEmpty(external) ? PrivateServer.ConnectTo(folder) : external) is { } running)
        {
            return new LocalDatabase(null, running);
        }

        var started = await PrivateServer.StartAsync(folder, NullLoggerFactory.Instance, TimeProvider.System, cancellationToken);
        return new LocalDatabase(started, started.ConnectionString);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        if (_started is not null)
        {
            await _started.DisposeAsync();
        }
    }
}

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

    private LocalDatabase(PrivateServer? started, NpgsqlDataSource source)
    {
        _started = started;
        Source = source;
    }

    /// <summary>The database.</summary>
    public NpgsqlDataSource Source { get; }

    /// <summary>Opens it, at the schema of this program.</summary>
    public static async Task<LocalDatabase> Open(CancellationToken cancellationToken)
    {
        var external = Environment.GetEnvironmentVariable(ConnectionVariable);
        var folder = DataFolder.Resolve();
        var running = string.IsNullOrEmpty(external) ? PrivateServer.ConnectTo(folder) : external;
        var started = running is null ? await PrivateServer.StartAsync(folder, NullLoggerFactory.Instance, TimeProvider.System, cancellationToken) : null;
        var source = HistoryRegistration.OpenSource(running ?? started!.ConnectionString); // started in the line before when none was running
        var database = new LocalDatabase(started, source);
        try
        {
            if (started is not null)
            {
                await Migrator.Migrate(source, cancellationToken);
            }

            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
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

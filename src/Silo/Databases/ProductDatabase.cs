using EnergyTTT.History.Migrations;
using EnergyTTT.History.Servers;
using EnergyTTT.Silo.Settings;
using Npgsql;

namespace EnergyTTT.Silo.Databases;

/// <summary>
/// The PostgreSQL that this process works on: an external one by its connection string, or a private one that is started here and stopped,
/// as the last thing of all, when this object is disposed.
/// </summary>
public sealed class ProductDatabase : IAsyncDisposable
{
    private readonly PrivateServer? _server;

    private ProductDatabase(PrivateServer? server, string connectionString)
    {
        _server = server;
        ConnectionString = connectionString;
    }

    /// <summary>How to reach it.</summary>
    public string ConnectionString { get; }

    /// <summary>Whether this process runs the database itself.</summary>
    public bool IsPrivate => _server is not null;

    /// <summary>Starts or finds the database and brings it to the schema of this program.</summary>
    public static async Task<ProductDatabase> Open(ServerSettings settings, DataFolder folder, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var server = settings.ConnectionString is null ? await PrivateServer.StartAsync(folder, loggers, time, cancellationToken) : null;
        var database = new ProductDatabase(server, settings.ConnectionString ?? server!.ConnectionString); // started in the line before when none was given
        try
        {
            await using var source = NpgsqlDataSource.Create(database.ConnectionString);
            await Migrator.Migrate(source, cancellationToken);
            if (database.IsPrivate)
            {
                await ForgetSilos.Execute(source, cancellationToken);
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
    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}

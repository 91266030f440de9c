using EnergyTTT.History.Migrations;
using EnergyTTT.History.Servers;
using EnergyTTT.Silo.Databases;
using EnergyTTT.Silo.Settings;
using Npgsql;

namespace EnergyTTT.Silo.Starts;

/// <summary>What must be there before the host can be put together: settings that can be understood and a database that answers.</summary>
internal sealed record ServerStart(ServerSettings Settings, DataFolder Folder, ProductDatabase Database)
{
    /// <summary>Prepares the start; null, after one plain sentence on the error output, when it cannot be.</summary>
    public static async Task<ServerStart?> Prepare(WebApplicationBuilder builder)
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddConfiguration(builder.Configuration.GetSection("Logging")).AddSimpleConsole());
        try
        {
            var settings = ServerSettings.Read(builder.Configuration);
            var folder = DataFolder.Resolve();
            return new ServerStart(settings, folder, await ProductDatabase.Open(settings, folder, loggers, TimeProvider.System, CancellationToken.None));
        }
        catch (Exception exception) when (exception is SettingsException or DataFolderException or PrivateServerException or MigrationException or NpgsqlException)
        {
            var wayOut = exception is NpgsqlException ? " Check ConnectionStrings__EnergyTTT (address, user, password, database), and that this PostgreSQL runs." : "";
            await Console.Error.WriteLineAsync($"EnergyTTT cannot start: {exception.Message.TrimEnd('.')}.{wayOut}");
            return null;
        }
    }
}

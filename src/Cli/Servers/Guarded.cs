using EnergyTTT.History.Access;
using EnergyTTT.History.Backups;
using EnergyTTT.History.Migrations;
using EnergyTTT.History.Servers;
using Npgsql;

namespace EnergyTTT.Cli.Servers;

/// <summary>Runs what works on this machine's database and says in one sentence why it could not be done.</summary>
internal static class Guarded
{
    /// <summary>The action's own exit code, or 1 after a sentence on the error output.</summary>
    public static async Task<int> Run(Func<Task<int>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception exception) when (exception is DataFolderException or PrivateServerException or MigrationException or NpgsqlException or ApiKeyLimitException or BackupException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }
}

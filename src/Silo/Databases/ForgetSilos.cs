using Npgsql;

namespace EnergyTTT.Silo.Databases;

/// <summary>
/// Empties the membership table of a private database before the silo starts. Its one owner holds the folder's lock, so every silo on
/// record is a process that has ended, by kill -9 perhaps; without this the new silo would wait for the dead one to be voted out.
/// </summary>
internal static class ForgetSilos
{
    /// <summary>Removes the rows.</summary>
    public static async Task Execute(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql = "delete from orleans.silo";
        await using var command = source.CreateCommand(Sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

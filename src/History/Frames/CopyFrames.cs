using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>Puts rows into <c>telemetry.frame</c> by one binary COPY. Fails with 23505 when any of them is stored already; then none is.</summary>
internal static class CopyFrames
{
    // language=sql
    public const string Sql = $"copy telemetry.frame ({BinaryCopy.Columns}) from stdin (format binary)";

    public static async Task Execute(NpgsqlConnection connection, BinaryCopy rows, CancellationToken cancellationToken)
    {
        await using var stream = await connection.BeginRawBinaryCopyAsync(Sql, cancellationToken);
        await stream.WriteAsync(rows.Written, cancellationToken);
    }
}

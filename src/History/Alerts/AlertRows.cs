using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EnergyTTT.Wire.Alerts;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Alerts;

/// <summary>How what belongs to alerts stands in rows: words of states, documents as JSON, moments in UTC.</summary>
internal static class AlertRows
{
    private static readonly FrozenDictionary<string, AlertState> States = Enum.GetValues<AlertState>().ToFrozenDictionary(AlertRuleView.Word, StringComparer.Ordinal);

    public static AlertState State(string word) => States[word];

    public static T Document<T>(NpgsqlDataReader reader, int column, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(reader.GetString(column), type) ?? throw new InvalidOperationException($"A row of alerts holds no {typeof(T).Name}.");

    public static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static double? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);

    public static DateTimeOffset? Moment(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);

    public static Guid? Id(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);

    public static NpgsqlParameter Json<T>(T document, JsonTypeInfo<T> type) => new() { Value = JsonSerializer.Serialize(document, type), NpgsqlDbType = NpgsqlDbType.Jsonb };

    public static NpgsqlParameter Text(string? text) => new() { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter Number(double? number) => new() { Value = (object?)number ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Double };

    public static NpgsqlParameter Moment(DateTimeOffset? time) => new() { Value = (object?)time?.ToUniversalTime() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    public static NpgsqlParameter Id(Guid? id) => new() { Value = (object?)id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };

    public static NpgsqlParameter<T> Plain<T>(T value) => new() { TypedValue = value };

    /// <summary>All rows of a statement.</summary>
    public static async Task<List<T>> Read<T>(NpgsqlDataSource source, string sql, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var command = source.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(row(reader));
        }

        return rows;
    }
}

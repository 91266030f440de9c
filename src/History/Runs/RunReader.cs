using System.Collections.Frozen;
using System.Collections.Immutable;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Runs;

/// <summary>Answers questions about recorded runs.</summary>
/// <param name="source">The database.</param>
/// <param name="time">What <c>now</c> means in a query.</param>
public sealed class RunReader(NpgsqlDataSource source, TimeProvider time)
{
    // Hashes of whole sets of runs fit, compiling a statement takes longer than running it, and nobody waits for an answer longer than this.
    // language=sql
    private const string SettingsSql = "set local work_mem = '64MB'; set local jit = off; set local statement_timeout = '10s'";

    // Looked through run by run before all runs are: some ten milliseconds when it is in vain.
    private const int WindowRuns = 2_000;

    // language=sql
    private const string FactsSql =
        """
        select f.run_no, f.field_id, f.number, f.moment, f.flag, f.text
        from experiment.fact f
        where f.run_no = any($1)
          and f.field_id = any($2)
        """;

    private readonly RunFieldNumbers _fields = new(source);

    /// <summary>One page of runs.</summary>
    /// <exception cref="RunQueryException">A part of the question is not understood.</exception>
    /// <exception cref="RunQueryTooSlowException">The answer takes longer than ten seconds.</exception>
    public async Task<RunPage> Read(RunQuestion question, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentOutOfRangeException.ThrowIfLessThan(question.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(question.Limit, RunQuestion.GreatestLimit);
        var order = RunOrder.Parse(question.Order);
        var columns = RunColumns.Parse(question.Columns);
        var after = string.IsNullOrEmpty(question.Cursor) ? null : RunCursor.Read(question.Cursor, question.Query, order);
        var now = after?.Now ?? time.GetUtcNow();
        var condition = RunQueryParser.Parse(question.Query, now);

        var asked = RunConditions.Fields(condition).Concat(columns).Append(order.Field).Where(field => field.Column is null).Select(field => field.Name);
        var fields = await _fields.Of(asked, cancellationToken);
        try
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
            await using (var settings = new NpgsqlCommand(SettingsSql, connection, transaction))
            {
                await settings.ExecuteNonQueryAsync(cancellationToken);
            }

            var found = RunPageSql.HasWindow(order)
                ? await ReadRows(RunPageSql.Write(condition, order, after, question.Limit + 1, fields, WindowRuns + (2 * question.Limit)).Command(connection, transaction), cancellationToken)
                : [];
            if (found.Count <= question.Limit)
            {
                found = await ReadRows(RunPageSql.Write(condition, order, after, question.Limit + 1, fields).Command(connection, transaction), cancellationToken);
            }

            var page = found.Take(question.Limit).ToList();
            var facts = await ReadFacts(connection, transaction, page, columns, fields, cancellationToken);
            var rows = page.Select(row => new RunRow(row.Id, row.Origin, [.. columns.Select(field => field.Column is null ? facts.GetValueOrDefault((row.Number, field.Name)) : row.Columns[field.Name])]));
            var next = found.Count > page.Count ? new RunCursor(now, page[^1].OrderNumber, page[^1].OrderText, page[^1].Number).Write(question.Query, order) : null;
            return new RunPage(columns, [.. rows], next);
        }
        catch (PostgresException slow) when (slow.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            throw new RunQueryTooSlowException(slow);
        }
    }

    /// <summary>The names by which any run can be searched, columns first.</summary>
    public async Task<ImmutableArray<string>> Fields(CancellationToken cancellationToken)
    {
        // An empty name is never known, so the table is read again.
        var known = await _fields.Of([""], cancellationToken);
        return [.. RunFields.Columns.Select(field => field.Name), .. known.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>A whole run; null when there is none of the identity.</summary>
    public async Task<RunRecord?> Find(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        return await ReadRun.Execute(connection, transaction, id, cancellationToken);
    }

    private static async Task<List<Row>> ReadRows(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var owned = command;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<Row>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var columns = new Dictionary<string, object?>(RunFields.Columns.Length, StringComparer.Ordinal);
            for (var column = 0; column < RunFields.Columns.Length; column++)
            {
                var field = RunFields.Columns[column];
                columns[field.Name] = Value(reader, RunPageSql.FirstColumn + column, field.Kind == RunFieldKind.Moment);
            }

            // Moments order by whole microseconds, also where the index holds them as they are.
            rows.Add(new(reader.GetInt32(0), reader.GetGuid(1), RunWords.Origin(reader.GetString(2)), Value(reader, 3, false) as double?, Value(reader, 4, false) as string, columns));
        }

        return rows;
    }

    private static async Task<Dictionary<(int Run, string Field), object?>> ReadFacts(
        NpgsqlConnection connection, NpgsqlTransaction transaction, List<Row> page, ImmutableArray<RunField> columns, FrozenDictionary<string, int> fields, CancellationToken cancellationToken)
    {
        var facts = new Dictionary<(int, string), object?>();
        var wanted = columns.Where(field => field.Column is null && fields.ContainsKey(field.Name)).ToDictionary(field => fields[field.Name], field => field.Name);
        if (wanted.Count == 0 || page.Count == 0)
        {
            return facts;
        }

        await using var command = new NpgsqlCommand(FactsSql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. page.Select(row => row.Number)] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. wanted.Keys] });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            facts[(reader.GetInt32(0), wanted[reader.GetInt32(1)])] = Value(reader, 2, false) ?? Value(reader, 3, true) ?? Value(reader, 4, false) ?? Value(reader, 5, false);
        }

        return facts;
    }

    private static object? Value(NpgsqlDataReader reader, int column, bool isMoment) =>
        reader.IsDBNull(column) ? null : isMoment ? reader.GetFieldValue<DateTimeOffset>(column) : reader.GetValue(column);

    private sealed record Row(int Number, Guid Id, Origin Origin, double? OrderNumber, string? OrderText, Dictionary<string, object?> Columns);
}

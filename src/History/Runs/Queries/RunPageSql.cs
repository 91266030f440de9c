using System.Collections.Frozen;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>The statement that answers one page of runs: a condition, an order by one field with the run's number behind it, and a start behind the last run of the page before.</summary>
internal static class RunPageSql
{
    /// <summary>Columns of the answer: number, identity, origin, ordering number, ordering text, then those of <see cref="RunFields.Columns"/>.</summary>
    public const int FirstColumn = 5;

    private static readonly string Columns = string.Concat(RunFields.Columns.Select(field => ", " + field.Column));

    /// <summary>Writes it.</summary>
    public static SqlText Write(RunCondition condition, RunOrder order, RunCursor? after, int limit, FrozenDictionary<string, int> fields)
    {
        var sql = new SqlText();
        var isFact = order.Field.Column is null;
        var (number, text) = Keys(order.Field);

        // language=sql
        sql.Add("select r.run_no, r.run_id, r.origin, ").Add(number ?? "null::double precision").Add(", ").Add(text ?? "null::text").Add(Columns).Add(" from experiment.run r");
        if (isFact)
        {
            // A name that no run ever had has number 0, which no field has.
            sql.Add(" left join experiment.fact o on o.run_no = r.run_no and o.field_id = ").Value(fields.GetValueOrDefault(order.Field.Name));
        }

        sql.Add(" where ");
        new RunSql(sql, fields).Add(condition);
        var byStart = order.Field.Column == "r.started";
        if (after is not null)
        {
            sql.Add(" and ");
            After(sql, byStart ? "r.started" : number, text, after, order.Descending, byStart);
        }

        var direction = order.Descending ? " desc nulls last" : " asc nulls last";
        sql.Add(" order by ");
        if (byStart)
        {
            // Never null, and in the words of its index.
            sql.Add(order.Descending ? "r.started desc, r.run_no desc" : "r.started, r.run_no");
        }
        else
        {
            foreach (var key in new[] { number, text }.OfType<string>())
            {
                sql.Add(key).Add(direction).Add(", ");
            }

            sql.Add(order.Descending ? "r.run_no desc" : "r.run_no");
        }

        return sql.Add(" limit ").Value(limit);
    }

    private static (string? Number, string? Text) Keys(RunField field) => (field.Kind, field.Column) switch
    {
        (RunFieldKind.Number, { } column) => (column, null),
        (RunFieldKind.Moment, { } column) => (Microseconds(column), null),
        (RunFieldKind.Text, { } column) => (null, $"left({column}, 200)"),
        (RunFieldKind.Number, null) => ("o.number", null),
        (RunFieldKind.Text, null) => (null, "left(o.text, 200)"),
        _ => ($"coalesce(o.number, {Microseconds("o.moment")}, o.flag::integer::double precision)", "left(o.text, 200)"),
    };

    // Exact in a double until the year 2255.
    private static string Microseconds(string moment) => $"(extract(epoch from {moment}) * 1000000)::double precision";

    private static void After(SqlText sql, string? number, string? text, RunCursor after, bool descending, bool byStart)
    {
        var beyond = descending ? " < " : " > ";
        if (byStart && after.Number is { } started)
        {
            sql.Add("(r.started, r.run_no)").Add(beyond).Add("(").Value(Moment(started)).Add(", ").Value(after.RunNumber).Add(")");
            return;
        }

        sql.Add("(");
        if (after.Number is { } at && number is not null)
        {
            Key(sql, number, at, after.RunNumber, beyond);
        }
        else
        {
            sql.Add(number is null ? "true" : number + " is null").Add(" and (");
            if (after.Text is { } reached && text is not null)
            {
                Key(sql, text, reached, after.RunNumber, beyond);
            }
            else
            {
                sql.Add(text is null ? "true" : text + " is null").Add(" and r.run_no").Add(beyond).Value(after.RunNumber);
            }

            sql.Add(")");
        }

        sql.Add(")");
    }

    private static DateTimeOffset Moment(double microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(TimeSpan.TicksPerMicrosecond * (long)Math.Clamp(microseconds, -2e15, 3.2e16));

    private static void Key<T>(SqlText sql, string key, T value, int runNumber, string beyond) =>
        sql.Add(key).Add(beyond).Value(value).Add(" or (").Add(key).Add(" = ").Value(value).Add(" and r.run_no").Add(beyond).Value(runNumber).Add(") or ").Add(key).Add(" is null");
}

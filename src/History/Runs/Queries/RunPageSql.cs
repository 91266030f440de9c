using System.Collections.Frozen;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>The statement that answers one page of runs: a condition, an order by one field with the run's number behind it, and a start behind the last run of the page before.</summary>
internal static class RunPageSql
{
    /// <summary>Columns of the answer: number, identity, origin, ordering number, ordering text, then those of <see cref="RunFields.Columns"/>.</summary>
    public const int FirstColumn = 5;

    private static readonly string Columns = string.Concat(RunFields.Columns.Select(field => ", " + field.Column));

    /// <summary>
    /// Whether the first runs of an order can be had from an index without a look at the others. Then it pays to look for a page among them first: what many runs have is found at once, and what is rare
    /// costs one look in vain.
    /// </summary>
    public static bool HasWindow(RunOrder order) => IsByStart(order) || order.Field is { Kind: RunFieldKind.Number, Column: null };

    /// <summary>Writes it.</summary>
    /// <param name="condition">What is asked.</param>
    /// <param name="order">In which order.</param>
    /// <param name="after">Behind which run; null: from the first.</param>
    /// <param name="limit">Runs at most.</param>
    /// <param name="fields">Numbers of the names that any run ever had.</param>
    /// <param name="window">Look only among so many runs of the order, for orders that <see cref="HasWindow"/>; null: among all. As many as the limit found there are the right ones; fewer say nothing.</param>
    public static SqlText Write(RunCondition condition, RunOrder order, RunCursor? after, int limit, FrozenDictionary<string, int> fields, int? window = null)
    {
        var sql = new SqlText();
        var (number, text) = Keys(order.Field);

        // language=sql
        sql.Add("select r.run_no, r.run_id, r.origin, ").Add(number ?? "null::double precision").Add(", ").Add(text ?? "null::text").Add(Columns).Add(" from ");
        if (window is null)
        {
            sql.Add("experiment.run r");
            if (order.Field.Column is null)
            {
                // A name that no run ever had has number 0, which no field has.
                sql.Add(" left join experiment.fact o on o.run_no = r.run_no and o.field_id = ").Value(fields.GetValueOrDefault(order.Field.Name));
            }
        }
        else
        {
            Window(sql, condition, order, after, fields, window.Value);
        }

        sql.Add(" where ");
        new RunSql(sql, fields, runByRun: window is not null).Add(condition);
        if (after is not null && window is null)
        {
            sql.Add(" and ");
            After(sql, IsByStart(order) ? "r.started" : number, text, after, order.Descending, IsByStart(order));
        }

        return OrderBy(sql, order, number, text).Add(" limit ").Value(limit);
    }

    private static bool IsByStart(RunOrder order) => order.Field.Column == "r.started";

    private static SqlText OrderBy(SqlText sql, RunOrder order, string? number, string? text)
    {
        var direction = order.Descending ? " desc nulls last" : " asc nulls last";
        sql.Add(" order by ");
        if (IsByStart(order))
        {
            // Never null, and in the words of its index.
            return sql.Add(order.Descending ? "r.started desc, r.run_no desc" : "r.started, r.run_no");
        }

        foreach (var key in new[] { number, text }.OfType<string>())
        {
            sql.Add(key).Add(direction).Add(", ");
        }

        return sql.Add(order.Descending ? "r.run_no desc" : "r.run_no");
    }

    private static void Window(SqlText sql, RunCondition condition, RunOrder order, RunCursor? after, FrozenDictionary<string, int> fields, int window)
    {
        if (IsByStart(order))
        {
            sql.Add("(select r.* from experiment.run r where true");

            // Bounds of the very order move the window to where the runs are.
            foreach (var bound in Parts(RunConditions.WithoutNot(condition)).Where(part => part is RunCondition.Compare { Field.Column: "r.started" }))
            {
                sql.Add(" and ");
                new RunSql(sql, fields, runByRun: true).Add(bound);
            }

            if (after is not null)
            {
                sql.Add(" and ");
                After(sql, "r.started", null, after, order.Descending, true);
            }

            OrderBy(sql, order, null, null).Add(" limit ").Value(window).Add(") r");
            return;
        }

        sql.Add("(select r.run_no, r.number from experiment.fact r where r.number is not null and r.field_id = ").Value(fields.GetValueOrDefault(order.Field.Name));
        if (after is not null)
        {
            sql.Add(" and ");
            After(sql, "r.number", null, after, order.Descending, false);
        }

        sql.Add(order.Descending ? " order by r.number desc, r.run_no desc limit " : " order by r.number, r.run_no limit ").Value(window).Add(") o join experiment.run r on r.run_no = o.run_no");
    }

    private static IEnumerable<RunCondition> Parts(RunCondition condition) => condition is RunCondition.And and ? and.Parts.SelectMany(Parts) : [condition];

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

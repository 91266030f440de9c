namespace EnergyTTT.History.Runs.Queries;

/// <summary>By which field an answer is ordered. Runs without the field come last, runs alike by the order in which they were recorded.</summary>
/// <param name="Field">The field.</param>
/// <param name="Descending">Greatest first.</param>
public sealed record RunOrder(RunField Field, bool Descending)
{
    /// <summary>The newest first.</summary>
    public static RunOrder Default { get; } = Parse("started desc");

    /// <summary>Reads <c>metric.saving_percent desc</c> or <c>-metric.saving_percent</c>; ascending unless it says otherwise. Nothing: the newest first.</summary>
    /// <exception cref="RunQueryException">It is no field, or more than one.</exception>
    public static RunOrder Parse(string? order)
    {
        if (string.IsNullOrWhiteSpace(order))
        {
            return Default;
        }

        var minus = order.StartsWith('-');
        var tokens = QueryTokens.Read(minus ? " " + order[1..] : order, DateTimeOffset.UnixEpoch);
        var name = tokens[0];
        var field = name.Kind == QueryTokenKind.Word ? RunFields.Find(name.Value) : null;
        if (field is null)
        {
            throw name.Refuse($"a field: {RunFields.Expected}", "unknown_field");
        }

        var direction = tokens[1];
        var told = direction.Is("desc") || direction.Is("asc");
        if (minus && told)
        {
            throw direction.Refuse("the end, since '-' says that the greatest comes first");
        }

        var end = told ? tokens[2] : direction;
        return end.Kind == QueryTokenKind.End ? new(field, minus || direction.Is("desc")) : throw end.Refuse(told ? "the end: one field orders" : "asc, desc or the end");
    }

    /// <inheritdoc/>
    public override string ToString() => Descending ? Field.Name + " desc" : Field.Name;
}

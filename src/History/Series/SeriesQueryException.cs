namespace EnergyTTT.History.Series;

/// <summary>A query that cannot be answered; the message names the parameter, the value, the bound and the way out.</summary>
public sealed class SeriesQueryException : Exception
{
    /// <summary>With a stable code and the parameter at fault.</summary>
    /// <param name="code"><c>unknown_metric</c>, <c>bad_range</c> or <c>bad_step</c>.</param>
    /// <param name="parameter">The parameter in its wire spelling: <c>metric</c>, <c>from</c>, <c>to</c> or <c>step</c>.</param>
    public SeriesQueryException(string code, string parameter, string message)
        : base(message)
    {
        Code = code;
        Parameter = parameter;
    }

    /// <summary>The stable code.</summary>
    public string Code { get; }

    /// <summary>The parameter at fault.</summary>
    public string Parameter { get; }
}

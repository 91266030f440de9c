namespace EnergyTTT.History.Runs.Queries;

/// <summary>How large a question may be: enough for every person and script, too little to keep the database from others.</summary>
public static class QueryLimits
{
    /// <summary>Characters of a query.</summary>
    public const int Characters = 4_000;

    /// <summary>Parentheses and <c>not</c>s inside one another.</summary>
    public const int Depth = 32;

    /// <summary>Comparisons in a query.</summary>
    public const int Conditions = 64;

    /// <summary>Values of one <c>in</c>.</summary>
    public const int ListValues = 500;

    /// <summary>Characters of a name behind <c>param.</c> and the like.</summary>
    public const int NameCharacters = 128;

    /// <summary>Columns that one answer shows.</summary>
    public const int Columns = 64;
}

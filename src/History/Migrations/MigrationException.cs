namespace EnergyTTT.History.Migrations;

/// <summary>The database and this program do not agree on the history of the schema. Nothing was changed.</summary>
public sealed class MigrationException : Exception
{
    /// <summary>With all that is wrong, one line each.</summary>
    public MigrationException(string message)
        : base(message)
    {
    }

    /// <summary>With the step that failed and why.</summary>
    public MigrationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

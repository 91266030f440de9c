namespace EnergyTTT.Silo.Access;

/// <summary>The names of what one may be allowed to do over HTTP.</summary>
public static class Policies
{
    /// <summary>Send telemetry: a key of the role agent or administrator.</summary>
    public const string Ingest = "ingest";

    /// <summary>Look at everything: viewers, operators, administrators, by cookie or by key.</summary>
    public const string Read = "read";

    /// <summary>Change the way the fleet is run: operators and administrators.</summary>
    public const string Operate = "operate";

    /// <summary>Give and take access: administrators.</summary>
    public const string Administer = "administer";
}

namespace EnergyTTT.Silo.Access;

/// <summary>The names of what one may be allowed to do over HTTP.</summary>
public static class Policies
{
    /// <summary>Send telemetry: a key of the role agent or administrator.</summary>
    public const string Ingest = "ingest";

    /// <summary>Look at everything: viewers, operators, administrators, by cookie or by key.</summary>
    public const string Read = "read";

    /// <summary>Speak for a deployment: a key of the role engine or administrator.</summary>
    public const string Engine = "engine";

    /// <summary>Look at a deployment or put it: engines, and everybody who may look; the endpoint refuses viewers that change.</summary>
    public const string Steer = "steer";

    /// <summary>Change the way the fleet is run: operators and administrators.</summary>
    public const string Operate = "operate";

    /// <summary>Give and take access: administrators.</summary>
    public const string Administer = "administer";

    /// <summary>Record runs: keys of hosts and engines, operators and administrators.</summary>
    public const string Record = "record";
}

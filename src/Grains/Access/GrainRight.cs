namespace EnergyTTT.Grains.Access;

/// <summary>Who, from outside, may call a method of a grain. Grains and services call each other freely: they act on what was allowed before.</summary>
public enum GrainRight
{
    /// <summary>Grains and services only.</summary>
    Internal,

    /// <summary>Everybody, strangers too: what <c>/metrics</c> shows to a scraper without a key.</summary>
    Anyone,

    /// <summary>Everybody who may look: viewers, operators, administrators.</summary>
    Look,

    /// <summary>Who may look, and engines.</summary>
    LookOrEngine,

    /// <summary>Engines and administrators: what an engine says of itself.</summary>
    Engine,

    /// <summary>Operators of the grain's scope, engines and administrators.</summary>
    OperateOrEngine,

    /// <summary>Operators of the grain's scope, and administrators.</summary>
    Operate,

    /// <summary>Operators of any scope, and administrators; the grain itself asks whether what is meant belongs to one of theirs.</summary>
    OperateOwn,

    /// <summary>Administrators.</summary>
    Administer,

    /// <summary>Who records runs: agents, engines, operators, administrators.</summary>
    Record,
}

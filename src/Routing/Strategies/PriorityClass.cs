namespace EnergyTTT.Routing.Strategies;

/// <summary>How much quality a tenant lends to energy. Only the Hierarchical strategy looks at it.</summary>
public enum PriorityClass
{
    /// <summary>The policy's bounds as they are.</summary>
    Standard = 0,

    /// <summary>A person waits: a quarter of the spread, a sixteenth of the divergence, and a guard half way to 1.</summary>
    Interactive = 1,

    /// <summary>Nobody waits: twice the spread, four times the divergence; the guard stays.</summary>
    Batch = 2,
}

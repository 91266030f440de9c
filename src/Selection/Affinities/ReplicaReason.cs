namespace EnergyTTT.Selection.Affinities;

/// <summary>Why a replica was chosen.</summary>
public enum ReplicaReason
{
    /// <summary>No replica is open.</summary>
    NoneOpen = 0,

    /// <summary>It costs least of all.</summary>
    Cheapest = 1,

    /// <summary>A cheaper one is above its share of the load already.</summary>
    CheapestWithinLoadBound = 2,

    /// <summary>Every replica would exceed its share; this one exceeds it least.</summary>
    LeastLoaded = 3,
}

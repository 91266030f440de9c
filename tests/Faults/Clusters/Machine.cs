using Xunit;

namespace EnergyTTT.Faults.Clusters;

/// <summary>One fault at a time: two would be measured together.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Machine
{
    public const string Name = "machine";
}

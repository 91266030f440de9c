namespace EnergyTTT.Agent.Arguments;

/// <summary>What the agent is asked to do.</summary>
internal enum AgentCommand
{
    /// <summary>Measure and send until told to stop.</summary>
    Run,

    /// <summary>Print the sensor passports.</summary>
    Check,

    /// <summary>Measure the sensors themselves.</summary>
    Accept,

    /// <summary>Set and give back power limits for an agent; the only part that may change a card.</summary>
    CapHelper,

    Help,
    Version,
}

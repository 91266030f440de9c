namespace EnergyTTT.History.Runs;

/// <summary>A question whose answer takes longer than anyone should wait, and than others should be kept waiting.</summary>
public sealed class RunQueryTooSlowException(Exception inner)
    : Exception("The answer takes longer than 10 seconds. Ask for fewer conditions, narrow 'started', or order by 'started'.", inner);

namespace EnergyTTT.Routing.Thermal;

/// <summary>What the thermal scaler concluded from one reading.</summary>
/// <param name="State">The state after hysteresis and dwell; null before the first temperature.</param>
/// <param name="TemperatureFactor">1, 1.2, 1.5, 2 or 2.5 by state; 1 while unknown.</param>
/// <param name="PowerFactor">1, 1.1 or 1.3 by power over enforced limit; 1 while unknown.</param>
/// <param name="Urgency">Product of both factors, 1 to 3.25. Scales how fast a router moves; never how far.</param>
/// <param name="Scaling">The base scaling times the urgency.</param>
public readonly record struct ThermalScale(ThermalState? State, double TemperatureFactor, double PowerFactor, double Urgency, double Scaling)
{
    /// <summary>Whether governance should be asked for a lower power cap or less admission: routing alone is too weak an actuator there.</summary>
    public bool RecommendsCap => State >= ThermalState.Critical;
}

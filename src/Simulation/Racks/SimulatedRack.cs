namespace EnergyTTT.Simulation.Racks;

/// <summary>
/// The air that the GPUs of a rack share: part of what the rack gives off comes back to its own inlets. <c>rise = recirculation * lp(P_rack, tau)</c>.
/// </summary>
public sealed class SimulatedRack(string site, string name, double recirculationCelsiusPerWatt, double airSeconds)
{
    private double _watts;

    /// <summary>The site.</summary>
    public string Site => site;

    /// <summary>The rack.</summary>
    public string Name => name;

    /// <summary>How much warmer its inlets are than the supply air, °C.</summary>
    public double AirRiseCelsius => recirculationCelsiusPerWatt * _watts;

    /// <summary>Power of its GPUs that has warmed the air, watts.</summary>
    public double Watts => _watts;

    /// <summary>Puts the air into the state that a constant power ends in.</summary>
    public void Settle(double watts) => _watts = watts;

    /// <summary>Lets an interval pass.</summary>
    public void Pass(double seconds, double watts) => _watts += (watts - _watts) * (1 - Math.Exp(-seconds / airSeconds));
}

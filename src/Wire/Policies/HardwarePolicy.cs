namespace EnergyTTT.Wire.Policies;

/// <summary>The fields of the hardware with every one set, as they count for one host's GPUs: fleet, site, rack, host, the nearest that sets a field wins.</summary>
public sealed record HardwarePolicy
{
    /// <summary>The greatest version along the chain; 0 while only defaults are in effect.</summary>
    public long Version { get; init; }

    /// <summary>Where the thresholds come from.</summary>
    public ThresholdSource ThermalThresholds { get; init; } = ThresholdSource.Device;

    /// <summary>Degrees Celsius from which a GPU counts as warm.</summary>
    public double ThermalWarmCelsius { get; init; } = 60;

    /// <summary>Degrees Celsius from which a GPU counts as hot.</summary>
    public double ThermalHotCelsius { get; init; } = 75;

    /// <summary>Degrees Celsius from which a GPU counts as critical.</summary>
    public double ThermalCriticalCelsius { get; init; } = 85;

    /// <summary>Degrees below its threshold at which a state is left again.</summary>
    public double ThermalHysteresisCelsius { get; init; } = 3;

    /// <summary>Least seconds in a state before it is left for a cooler one.</summary>
    public double ThermalDwellSeconds { get; init; } = 5;

    /// <summary>How far the power cap goes.</summary>
    public PowerCapMode PowerCapMode { get; init; } = PowerCapMode.Advise;

    /// <summary>The power cap as a share of the card's greatest limit; 1 is no cap.</summary>
    public double PowerCapRatio { get; init; } = 1;

    /// <summary>The names of the windows that are open, with ", " between them.</summary>
    public string Windows { get; init; } = "";

    /// <summary>The defaults, in effect where nobody has set anything.</summary>
    public static HardwarePolicy Defaults { get; } = new();

    /// <summary>Resolves a chain of scopes at a moment, widest first.</summary>
    public static HardwarePolicy ResolveAt(DateTimeOffset now, params IEnumerable<(long Version, PolicyDocument Document)> chain)
    {
        var (inside, names) = PolicyWindows.Laid(chain, now);
        return Resolve(inside) with { Windows = names };
    }

    /// <summary>Resolves a chain of scopes outside all windows, widest first.</summary>
    public static HardwarePolicy Resolve(params IEnumerable<(long Version, PolicyDocument Document)> chain)
    {
        ArgumentNullException.ThrowIfNull(chain);
        var policy = Defaults;
        foreach (var (version, own) in chain)
        {
            policy = policy with
            {
                Version = Math.Max(policy.Version, version),
                ThermalThresholds = own.ThermalThresholds ?? policy.ThermalThresholds,
                ThermalWarmCelsius = own.ThermalWarmCelsius ?? policy.ThermalWarmCelsius,
                ThermalHotCelsius = own.ThermalHotCelsius ?? policy.ThermalHotCelsius,
                ThermalCriticalCelsius = own.ThermalCriticalCelsius ?? policy.ThermalCriticalCelsius,
                ThermalHysteresisCelsius = own.ThermalHysteresisCelsius ?? policy.ThermalHysteresisCelsius,
                ThermalDwellSeconds = own.ThermalDwellSeconds ?? policy.ThermalDwellSeconds,
                PowerCapMode = own.PowerCapMode ?? policy.PowerCapMode,
                PowerCapRatio = own.PowerCapRatio ?? policy.PowerCapRatio,
            };
        }

        return policy;
    }
}

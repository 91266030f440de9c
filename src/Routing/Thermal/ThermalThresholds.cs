using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Routing.Thermal;

/// <summary>The temperatures at which the thermal states begin, in degrees Celsius, rising.</summary>
/// <param name="WarmCelsius">Where warm begins. Default 60.</param>
/// <param name="HotCelsius">Where hot begins. Default 75.</param>
/// <param name="CriticalCelsius">Where critical begins. Default 85.</param>
public readonly record struct ThermalThresholds([Range(-20, 130)] double WarmCelsius = 60, [Range(-20, 130)] double HotCelsius = 75, [Range(-20, 130)] double CriticalCelsius = 85)
{
    /// <summary>60, 75 and 85 °C: for cards that report no slowdown threshold.</summary>
    public static ThermalThresholds Default { get; } = new(60, 75, 85);

    /// <summary>25, 12 and 5 °C below the slowdown threshold Ts that the card reports (router specification, 3.4).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Ts is not within -20 to 130 °C.</exception>
    public static ThermalThresholds BelowSlowdown(double slowdownCelsius)
    {
        if (!(slowdownCelsius is >= -20 and <= 130))
        {
            throw new ArgumentOutOfRangeException(nameof(slowdownCelsius), slowdownCelsius, "a slowdown threshold between -20 and 130 °C expected; leave it out when the card reports none");
        }

        return new(slowdownCelsius - 25, slowdownCelsius - 12, slowdownCelsius - 5);
    }

    /// <summary>Whether the three are finite and rising.</summary>
    public bool IsOrdered => double.IsFinite(WarmCelsius) && WarmCelsius < HotCelsius && HotCelsius < CriticalCelsius && double.IsFinite(CriticalCelsius);
}

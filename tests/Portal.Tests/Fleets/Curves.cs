namespace EnergyTTT.Portal.Tests.Fleets;

/// <summary>The readings of fake GPUs as functions of index and Unix time.</summary>
public static class Curves
{
    /// <summary>Power in watts, 130 to 690.</summary>
    public static double Power(int index, double seconds) =>
        410 + (180 * Math.Sin((seconds / (90.0 + (7 * (index % 11)))) + index)) + (100 * Math.Sin((seconds / 23.0) + (index * 0.7)) * ((index % 5) / 5.0)) + (6 * Math.Sin(seconds * 1.7));

    /// <summary>Die temperature in whole degrees Celsius, about 38 to 80.</summary>
    public static double Temperature(int index, double seconds) => Math.Round(34 + (Power(index, seconds - 8) / 18.0) + (index % 32 / 4.0));

    /// <summary>Utilisation, 0 to 1.</summary>
    public static double Utilisation(int index, double seconds) => Math.Clamp((Power(index, seconds) - 130) / 500, 0, 1);
}

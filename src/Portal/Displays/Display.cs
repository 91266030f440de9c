using System.Globalization;

namespace EnergyTTT.Portal.Displays;

/// <summary>
/// How every number of the portal is written: three significant digits, the unit apart, the culture's own separators, and an
/// en dash where there is no number. A finite double of any size is accepted; NaN and the infinities count as no data.
/// </summary>
/// <param name="culture">The culture whose separators are used.</param>
public sealed class Display(CultureInfo culture)
{
    private static readonly (double Scale, string Prefix)[] Prefixes = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1, "")];

    /// <summary>Power: W, kW, MW...</summary>
    public Reading Power(double? watts) => Scaled(watts, "W");

    /// <summary>Energy in joules: J, kJ, MJ...</summary>
    public Reading Energy(double? joules) => Scaled(joules, "J");

    /// <summary>Energy in watt-hours, as it is billed: Wh, kWh, MWh...</summary>
    public Reading WattHours(double? joules) => Scaled(joules / 3_600, "Wh");

    /// <summary>A temperature or a difference of temperatures in degrees Celsius. Sensors tell whole degrees, so one decimal at most.</summary>
    public Reading Celsius(double? celsius) => celsius is not { } value || !double.IsFinite(value) ? Reading.None : new(NoMinusZero(Math.Round(value, 1)).ToString("0.#", culture), "°C", true);

    /// <summary>A share between 0 and 1, in percent. Shares beyond are shown as they are.</summary>
    public Reading Share(double? ratio) => ratio is not { } value || !double.IsFinite(value) ? Reading.None : new(Digits(value * 100), "%", true);

    /// <summary>A clock: Hz, MHz, GHz.</summary>
    public Reading Clock(double? hertz) => Scaled(hertz, "Hz");

    /// <summary>Memory in powers of 1,024: B, KiB, MiB, GiB.</summary>
    public Reading Bytes(double? bytes)
    {
        if (bytes is not { } value || !double.IsFinite(value))
        {
            return Reading.None;
        }

        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var step = 0;
        while (Math.Abs(value) >= 1023.5 && step < units.Length - 1)
        {
            value /= 1024;
            step++;
        }

        return new(Digits(value), units[step], true);
    }

    /// <summary>A count of things, in full with separators.</summary>
    public Reading Count(long count) => new(count.ToString("N0", culture), "", true);

    /// <summary>How long ago, in the largest unit that fits: <c>3 s</c>, <c>12 min</c>, <c>2 h</c>, <c>5 d</c>. Negative ages (clocks differ) count as 0.</summary>
    public Reading Age(TimeSpan? age)
    {
        if (age is not { } value)
        {
            return Reading.None;
        }

        var seconds = Math.Max(0, value.TotalSeconds);
        var (amount, unit) = seconds switch
        {
            < 120 => (Math.Floor(seconds), "s"),
            < 7_200 => (Math.Floor(seconds / 60), "min"),
            < 172_800 => (Math.Floor(seconds / 3_600), "h"),
            _ => (Math.Floor(seconds / 86_400), "d"),
        };
        return new(amount.ToString("N0", culture), unit, true);
    }

    /// <summary>A length of time in minutes, as the throttle ledger counts: below one minute in seconds.</summary>
    public Reading Duration(double? seconds) => seconds switch
    {
        null => Reading.None,
        { } value when !double.IsFinite(value) => Reading.None,
        < 60 => new(Digits(seconds.Value), "s", true),
        < 36_000 => new(Digits(seconds.Value / 60), "min", true),
        _ => new(Digits(seconds.Value / 3_600), "h", true),
    };

    /// <summary>Any number with a given unit, unscaled.</summary>
    public Reading Plain(double? value, string unit) => value is not { } number || !double.IsFinite(number) ? Reading.None : new(Digits(number), unit, true);

    private Reading Scaled(double? quantity, string unit)
    {
        if (quantity is not { } value || !double.IsFinite(value))
        {
            return Reading.None;
        }

        // 999.5 W is already 1.00 kW at three digits.
        var (scale, prefix) = Prefixes.FirstOrDefault(step => Math.Abs(value) >= step.Scale * 0.9995, Prefixes[^1]);
        return new(Digits(value / scale), prefix + unit, true);
    }

    private string Digits(double value)
    {
        var magnitude = Math.Abs(value);
        var decimals = magnitude switch { >= 99.95 => 0, >= 9.995 => 1, >= 0.9995 => 2, 0 => 0, _ => 3 };
        return NoMinusZero(Math.Round(value, decimals)).ToString(decimals == 3 ? "0.###" : "N" + decimals.ToString(CultureInfo.InvariantCulture), culture);
    }

    private static double NoMinusZero(double value) => value == 0 ? 0 : value;
}

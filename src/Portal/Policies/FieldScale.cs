using System.Globalization;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Policies;

/// <summary>
/// Where a value stands on its field's slider, 0 to 1000. Ranges of more than three decades are logarithmic, so that the small values of a
/// learning rate or a latency can be reached too. A value is rounded so that each step still changes it: a logarithmic one to three
/// significant digits, a linear one to the decimals of a step, a whole number to a whole one.
/// </summary>
public static class FieldScale
{
    /// <summary>The last position of a slider.</summary>
    public const int Steps = 1000;

    /// <summary>The position of a value; the nearest end for values beyond, 0 for what is no number.</summary>
    public static int Position(PolicyField field, string? text)
    {
        ArgumentNullException.ThrowIfNull(field);
        var (low, high) = (field.Minimum.GetValueOrDefault(), field.Maximum.GetValueOrDefault());
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
        {
            return 0;
        }

        value = Math.Clamp(value, low, high);
        var share = IsLogarithmic(field) ? Math.Log(value / low) / Math.Log(high / low) : (value - low) / (high - low);
        return (int)Math.Round(Steps * share);
    }

    /// <summary>The value at a position.</summary>
    public static string Value(PolicyField field, int position)
    {
        ArgumentNullException.ThrowIfNull(field);
        var (low, high) = (field.Minimum.GetValueOrDefault(), field.Maximum.GetValueOrDefault());
        var share = Math.Clamp(position, 0, Steps) / (double)Steps;
        var value = IsLogarithmic(field) ? low * Math.Pow(high / low, share) : low + ((high - low) * share);
        if (field.IsWhole)
        {
            return Math.Round(value).ToString("0", CultureInfo.InvariantCulture);
        }

        var digits = Math.Clamp(IsLogarithmic(field) ? 2 - (int)Math.Floor(Math.Log10(value)) : (int)Math.Ceiling(-Math.Log10((high - low) / Steps)), 0, 12);
        return ((decimal)Math.Clamp(Math.Round(value, digits), low, high)).ToString("0.############", CultureInfo.InvariantCulture);
    }

    /// <summary>The value after a slider was moved to a position: the next one that differs, where rounding would leave it as it is.</summary>
    public static string Moved(PolicyField field, string? text, int position)
    {
        var direction = Math.Sign(position - Position(field, text));
        var value = Value(field, position);
        while (value == text && direction != 0 && position is > 0 and < Steps)
        {
            position += direction;
            value = Value(field, position);
        }

        return value;
    }

    private static bool IsLogarithmic(PolicyField field) => field.Minimum > 0 && field.Maximum / field.Minimum > 1000;
}

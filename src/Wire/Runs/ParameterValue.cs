using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Runs;

/// <summary>A setting of a run: a number, a text or a truth value. In JSON it is just that. Equality is by value; <c>default</c> is the empty text.</summary>
[JsonConverter(typeof(ParameterValueJsonConverter))]
public readonly record struct ParameterValue
{
    private ParameterValue(double? number, string? text, bool? flag) => (Number, Text, Flag) = (number, text, flag);

    /// <summary>The number, when it is one; finite.</summary>
    public double? Number { get; }

    /// <summary>The text, when it is one.</summary>
    public string? Text { get; }

    /// <summary>The truth value, when it is one.</summary>
    public bool? Flag { get; }

    /// <summary>A number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not finite.</exception>
    public static ParameterValue Of(double number) =>
        double.IsFinite(number) ? new(number, null, null) : throw new ArgumentOutOfRangeException(nameof(number), number, "a setting is a finite number");

    /// <summary>A text.</summary>
    public static ParameterValue Of(string text) => new(null, text ?? throw new ArgumentNullException(nameof(text)), null);

    /// <summary>A truth value.</summary>
    public static ParameterValue Of(bool flag) => new(null, null, flag);

    /// <inheritdoc cref="Of(double)"/>
    public static implicit operator ParameterValue(double number) => Of(number);

    /// <inheritdoc cref="Of(string)"/>
    public static implicit operator ParameterValue(string text) => Of(text);

    /// <inheritdoc cref="Of(bool)"/>
    public static implicit operator ParameterValue(bool flag) => Of(flag);

    /// <summary>As a person would write it.</summary>
    public override string ToString() => Number is { } number ? number.ToString("R", CultureInfo.InvariantCulture) : Flag is { } flag ? (flag ? "true" : "false") : Text ?? "";
}

/// <summary>Writes a <see cref="ParameterValue"/> as a plain JSON number, text or truth value.</summary>
public sealed class ParameterValueJsonConverter : JsonConverter<ParameterValue>
{
    /// <inheritdoc/>
    public override ParameterValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Number when double.IsFinite(reader.GetDouble()) => ParameterValue.Of(reader.GetDouble()),
        JsonTokenType.String => ParameterValue.Of(reader.GetString()!), // The token is a text, so there is one.
        JsonTokenType.True => ParameterValue.Of(true),
        JsonTokenType.False => ParameterValue.Of(false),
        _ => throw new JsonException($"a setting is a number, a text or a truth value, not {reader.TokenType}"),
    };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ParameterValue value, JsonSerializerOptions options)
    {
        if (value.Number is { } number)
        {
            writer.WriteNumberValue(number);
        }
        else if (value.Flag is { } flag)
        {
            writer.WriteBooleanValue(flag);
        }
        else
        {
            writer.WriteStringValue(value.Text ?? "");
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Gpus;

/// <summary>
/// The identity of one physical GPU: the UUID that its driver reports, such as <c>GPU-4f3c2a10-...</c>.
/// Never an index: enumeration orders differ between processes and reboots.
/// Equality is ordinal; <c>default</c> names no GPU and has the value "".
/// </summary>
[JsonConverter(typeof(GpuIdJsonConverter))]
public readonly record struct GpuId
{
    /// <summary>The longest accepted identity, in characters.</summary>
    public const int MaxLength = 96;

    private readonly string? _value;

    private GpuId(string value) => _value = value;

    /// <summary>The identity as the driver spells it.</summary>
    public string Value => _value ?? "";

    /// <summary>The key of this GPU's grain, <c>gpu/GPU-...</c>: the prefix keeps hexadecimal-looking keys apart.</summary>
    public string GrainKey => "gpu/" + Value;

    /// <summary>Reads an identity: 1 to 96 characters out of letters, digits, '-', '_', '.' and ':'.</summary>
    /// <exception cref="FormatException">The text is not an identity.</exception>
    public static GpuId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is no GPU identity: 1 to {MaxLength} letters, digits, '-', '_', '.' or ':' expected.");

    /// <summary>Reads an identity, or answers false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out GpuId id)
    {
        id = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':'))
            {
                return false;
            }
        }

        id = new GpuId(text);
        return true;
    }

    /// <summary>Reads an identity back from a grain key.</summary>
    /// <exception cref="FormatException">The key is not of the form <c>gpu/...</c>.</exception>
    public static GpuId FromGrainKey(string key) =>
        key.StartsWith("gpu/", StringComparison.Ordinal) ? Parse(key[4..]) : throw new FormatException($"'{key}' is no key of a GPU grain: 'gpu/...' expected.");

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Writes a <see cref="GpuId"/> as a plain JSON string.</summary>
public sealed class GpuIdJsonConverter : JsonConverter<GpuId>
{
    /// <inheritdoc/>
    public override GpuId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        GpuId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("not a GPU identity");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, GpuId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

using System.Text.Json;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Frames;

/// <summary>
/// Reads one frame at a time straight from UTF-8. A field that cannot be believed spoils its own frame only, and is named;
/// JSON that is none spoils the batch and leaves as a <see cref="JsonException"/>.
/// </summary>
/// <remarks>Reused for all frames of a batch; not safe for two threads at once.</remarks>
internal sealed class FrameReader(GpuIdCache ids)
{
    private readonly double[] _numbers = new double[FrameFields.Count];
    private readonly long[] _integers = new long[FrameFields.Count];
    private uint _present;
    private uint _seen;
    private bool _spoiled;
    private GpuId _gpu;
    private DateTimeOffset _time;
    private Origin _origin;
    private EnergyMethod _method;
    private bool _throttle;

    /// <summary>
    /// Reads the item at the reader, which stands on its first token and is left on its last. Null when the item is refused;
    /// what is wrong with it, and which readings became null, is added to <paramref name="remarks"/>.
    /// </summary>
    public Frame? Read(ref Utf8JsonReader reader, int index, List<RejectedItem> remarks)
    {
        _present = 0;
        _seen = 0;
        _spoiled = false;
        _throttle = false;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Refuse(remarks, index, "", RefusalCodes.WrongType, $"a frame is a JSON object; this one is {Describe(reader.TokenType)}.");
            reader.Skip();
            return null;
        }

        var next = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var field = Find(ref reader, ref next, 0, FrameFields.ThrottleSwPowerCap);
            reader.Read();
            ReadValue(ref reader, field, index, remarks);
        }

        RequireAll(index, remarks);
        return _spoiled ? null : Build();
    }

    private static int Find(ref Utf8JsonReader reader, ref int next, int first, int end)
    {
        // Fields come in the order of the table with gaps, so the search starts behind the last one and wraps once.
        for (var step = 0; step < end - first; step++)
        {
            var candidate = next + step;
            if (candidate >= end)
            {
                candidate -= end - first;
            }

            if (reader.ValueTextEquals(FrameFields.All[candidate].Key))
            {
                next = candidate + 1 == end ? first : candidate + 1;
                return candidate;
            }
        }

        return -1;
    }

    private void ReadValue(ref Utf8JsonReader reader, int field, int index, List<RejectedItem> remarks)
    {
        if (field < 0 || reader.TokenType == JsonTokenType.Null)
        {
            reader.Skip();
            return;
        }

        _seen |= 1u << field;
        switch (FrameFields.All[field].Kind)
        {
            case FieldKind.Text:
                ReadText(ref reader, field, index, remarks);
                break;
            case FieldKind.Object:
                ReadThrottle(ref reader, index, remarks);
                break;
            case FieldKind.Number:
                ReadNumber(ref reader, field, index, remarks);
                break;
            default:
                ReadInteger(ref reader, field, index, remarks);
                break;
        }
    }

    private void ReadText(ref Utf8JsonReader reader, int field, int index, List<RejectedItem> remarks)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            WrongType(ref reader, field, index, remarks);
            return;
        }

        var understood = field switch
        {
            FrameFields.Gpu => reader.ValueIsEscaped ? GpuId.TryParse(Text.Read(ref reader), out _gpu) : ids.TryGet(reader.ValueSpan, out _gpu),
            FrameFields.Time => Text.TryReadTime(ref reader, out _time),
            FrameFields.Origin => TryReadOrigin(ref reader),
            _ => TryReadMethod(ref reader),
        };
        if (understood)
        {
            _present |= 1u << field;
            return;
        }

        var wanted = field switch
        {
            FrameFields.Gpu => $"a GPU's UUID of 1 to {GpuId.MaxLength} letters, digits, '-', '_', '.' or ':'",
            FrameFields.Time => "an RFC 3339 time with its offset, such as 2026-11-23T01:02:03Z",
            FrameFields.Origin => "measured, replayed, modelled or simulated",
            _ => "counter or integral",
        };
        Refuse(remarks, index, FrameFields.All[field].Name, RefusalCodes.Invalid, $"'{Text.Excerpt(ref reader)}' was sent; {wanted} is expected.");
    }

    private bool TryReadOrigin(ref Utf8JsonReader reader)
    {
        _origin = reader.ValueTextEquals("measured"u8) ? Origin.Measured
            : reader.ValueTextEquals("replayed"u8) ? Origin.Replayed
            : reader.ValueTextEquals("modelled"u8) ? Origin.Modelled
            : Origin.Simulated;
        return _origin != Origin.Simulated || reader.ValueTextEquals("simulated"u8);
    }

    private bool TryReadMethod(ref Utf8JsonReader reader)
    {
        _method = reader.ValueTextEquals("counter"u8) ? EnergyMethod.Counter : EnergyMethod.Integral;
        return _method == EnergyMethod.Counter || reader.ValueTextEquals("integral"u8);
    }

    private void ReadThrottle(ref Utf8JsonReader reader, int index, List<RejectedItem> remarks)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            WrongType(ref reader, FrameFields.ThrottleSeconds, index, remarks);
            return;
        }

        _throttle = true;
        var next = FrameFields.ThrottleSwPowerCap;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var field = Find(ref reader, ref next, FrameFields.ThrottleSwPowerCap, FrameFields.Count);
            reader.Read();
            ReadValue(ref reader, field, index, remarks);
        }
    }

    private void ReadNumber(ref Utf8JsonReader reader, int field, int index, List<RejectedItem> remarks)
    {
        if (reader.TokenType != JsonTokenType.Number)
        {
            WrongType(ref reader, field, index, remarks);
            return;
        }

        if (!reader.TryGetDouble(out var value) || !double.IsFinite(value))
        {
            Overflow(ref reader, field, index, remarks);
            return;
        }

        if (Judge(value, field, index, remarks))
        {
            // Adding zero turns -0 into 0, which is what a person and an index expect.
            _numbers[field] = value + 0.0;
            _present |= 1u << field;
        }
    }

    private void ReadInteger(ref Utf8JsonReader reader, int field, int index, List<RejectedItem> remarks)
    {
        if (reader.TokenType != JsonTokenType.Number)
        {
            WrongType(ref reader, field, index, remarks);
            return;
        }

        double rough;
        if (reader.TryGetInt64(out var value))
        {
            rough = value;
        }
        else if (!reader.TryGetDouble(out rough) || !double.IsFinite(rough))
        {
            Overflow(ref reader, field, index, remarks);
            return;
        }
        else if (rough != Math.Floor(rough))
        {
            Refuse(remarks, index, FrameFields.All[field].Name, RefusalCodes.WrongType, $"{Text.Excerpt(ref reader)} was sent; a whole number is expected.");
            return;
        }
        else if (Math.Abs(rough) >= long.MaxValue && (field == FrameFields.Sequence || !Sentinels.Is(rough, FrameFields.All[field].Kind)))
        {
            Overflow(ref reader, field, index, remarks);
            return;
        }
        else
        {
            value = rough < long.MaxValue ? (long)rough : long.MaxValue;
        }

        if (Judge(rough, field, index, remarks))
        {
            _integers[field] = value;
            _present |= 1u << field;
        }
    }

    private bool Judge(double value, int field, int index, List<RejectedItem> remarks)
    {
        var rule = FrameFields.All[field];
        if (value >= rule.Least && value <= rule.Most)
        {
            if (field != FrameFields.Seconds || value > 0)
            {
                return !(value >= int.MaxValue - 15 && field != FrameFields.Sequence && IsSentinel(value, rule, index, remarks));
            }
        }
        else if (field != FrameFields.Sequence && IsSentinel(value, rule, index, remarks))
        {
            return false;
        }

        var code = value < 0 && rule.Least >= 0 ? RefusalCodes.Negative : RefusalCodes.OutOfRange;
        var least = field == FrameFields.Seconds ? "above 0" : Text.Number(rule.Least);
        Refuse(remarks, index, rule.Name, code, $"{Text.Number(value)} was sent; {least} to {Text.Number(rule.Most)} is believed. Leave the field out when the sensor is silent.");
        return false;
    }

    private static bool IsSentinel(double value, FrameField rule, int index, List<RejectedItem> remarks)
    {
        if (!Sentinels.Is(value, rule.Kind))
        {
            return false;
        }

        remarks.Add(new RejectedItem(index, rule.Name, RefusalCodes.Sentinel, $"{Text.Number(value)} stands for \"no reading\" and was stored as null. Leave the field out when the sensor is silent."));
        return true;
    }

    private void RequireAll(int index, List<RejectedItem> remarks)
    {
        for (var field = FrameFields.Gpu; FrameFields.IsRequired(field); field++)
        {
            if ((_present & (1u << field)) != 0)
            {
                continue;
            }

            if ((_seen & (1u << field)) == 0)
            {
                Refuse(remarks, index, FrameFields.All[field].Name, RefusalCodes.Missing, "every frame needs this field.");
            }

            _spoiled = true;
        }
    }

    private Frame Build() => new()
    {
        Gpu = _gpu,
        Sequence = _integers[FrameFields.Sequence],
        Time = _time,
        Seconds = _numbers[FrameFields.Seconds],
        Origin = _origin,
        EnergyJoules = Number(FrameFields.EnergyJoules),
        EnergyMethod = Has(FrameFields.EnergyJoules) && Has(FrameFields.EnergyMethod) ? _method : null,
        PowerAverageWatts = Number(FrameFields.PowerAverageWatts),
        PowerMaxWatts = Number(FrameFields.PowerMaxWatts),
        TemperatureCelsius = Number(FrameFields.TemperatureCelsius),
        MemoryTemperatureCelsius = Number(FrameFields.MemoryTemperatureCelsius),
        ThermalMarginCelsius = Number(FrameFields.ThermalMarginCelsius),
        UtilizationRatio = Number(FrameFields.UtilizationRatio),
        MemoryActivityRatio = Number(FrameFields.MemoryActivityRatio),
        MemoryUsedBytes = Integer(FrameFields.MemoryUsedBytes),
        MemoryTotalBytes = Integer(FrameFields.MemoryTotalBytes),
        SmClockHertz = Number(FrameFields.SmClockHertz),
        MemoryClockHertz = Number(FrameFields.MemoryClockHertz),
        PowerLimitWatts = Number(FrameFields.PowerLimitWatts),
        FanRatio = Number(FrameFields.FanRatio),
        ThrottleSeconds = _throttle ? BuildThrottle() : null,
        Tokens = Integer(FrameFields.Tokens),
        Samples = (int?)Integer(FrameFields.Samples),
    };

    private ThrottleSeconds BuildThrottle() => new()
    {
        SwPowerCap = Number(FrameFields.ThrottleSwPowerCap),
        SwThermal = Number(FrameFields.ThrottleSwThermal),
        HwThermal = Number(FrameFields.ThrottleHwThermal),
        PowerBrake = Number(FrameFields.ThrottlePowerBrake),
    };

    private bool Has(int field) => (_present & (1u << field)) != 0;

    private double? Number(int field) => Has(field) ? _numbers[field] : null;

    private long? Integer(int field) => Has(field) ? _integers[field] : null;

    private void WrongType(ref Utf8JsonReader reader, int field, int index, List<RejectedItem> remarks)
    {
        var wanted = FrameFields.All[field].Kind switch
        {
            FieldKind.Text => "a string",
            FieldKind.Object => "an object",
            FieldKind.Number => "a number",
            _ => "a whole number",
        };
        Refuse(remarks, index, FrameFields.All[field].Name, RefusalCodes.WrongType, $"{Describe(reader.TokenType)} was sent; {wanted} is expected.");
        reader.Skip();
    }

    private void Overflow(ref Utf8JsonReader reader, int field, int index, List<RejectedItem> remarks) =>
        Refuse(remarks, index, FrameFields.All[field].Name, RefusalCodes.Overflow, $"{Text.Excerpt(ref reader)} is too great for a number of this field.");

    private void Refuse(List<RejectedItem> remarks, int index, string field, string code, string reason)
    {
        _spoiled = true;
        remarks.Add(new RejectedItem(index, field, code, reason));
    }

    private static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };
}

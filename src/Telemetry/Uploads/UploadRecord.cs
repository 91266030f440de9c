using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Uploads;

/// <summary>
/// One batch as it is buffered: who sent it, its descriptions and its frames, each already as JSON. Records of the same sender are joined into one message by
/// laying their pieces side by side, so that nothing is parsed again on the way out.
/// </summary>
/// <param name="Header">The members of the batch that name the sender, without braces.</param>
/// <param name="Gpus">Descriptions, comma-separated; may be empty.</param>
/// <param name="Frames">Frames, comma-separated; may be empty.</param>
/// <param name="FrameCount">Number of frames.</param>
internal sealed record UploadRecord(ReadOnlyMemory<byte> Header, ReadOnlyMemory<byte> Gpus, ReadOnlyMemory<byte> Frames, int FrameCount)
{
    private const int Prefix = 12;

    /// <summary>Writes a batch as a record; <see cref="TelemetryBatch.Sent"/> is left to the moment of sending.</summary>
    public static byte[] Encode(TelemetryBatch batch)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        output.GetSpan(Prefix)[..Prefix].Clear();
        output.Advance(Prefix);
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("source", batch.Source);
        writer.WriteString("boot", batch.Boot);
        Optional("site", batch.Site);
        Optional("rack", batch.Rack);
        writer.WriteString("host", batch.Host);
        writer.WriteEndObject();
        writer.Flush();
        var header = output.WrittenCount;
        List(batch.Gpus ?? [], WireJson.Default.GpuDescription);
        var gpus = output.WrittenCount;
        List(batch.Frames, WireJson.Default.Frame);
        var record = output.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(record, header - Prefix);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), gpus - header);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(8), batch.Frames.Count);
        return record;

        void Optional(string name, string? value)
        {
            if (value is not null)
            {
                writer.WriteString(name, value);
            }
        }

        void List<T>(IReadOnlyList<T> items, JsonTypeInfo<T> type)
        {
            for (var i = 0; i < items.Count; i++)
            {
                if (i > 0)
                {
                    output.Write(","u8);
                }

                writer.Reset(output);
                JsonSerializer.Serialize(writer, items[i], type);
                writer.Flush();
            }
        }
    }

    /// <summary>Reads a record back.</summary>
    public static UploadRecord Decode(ReadOnlyMemory<byte> record)
    {
        var header = BinaryPrimitives.ReadInt32LittleEndian(record.Span);
        var gpus = BinaryPrimitives.ReadInt32LittleEndian(record.Span[4..]);
        return new UploadRecord(
            record.Slice(Prefix + 1, header - 2),
            record.Slice(Prefix + header, gpus),
            record[(Prefix + header + gpus)..],
            BinaryPrimitives.ReadInt32LittleEndian(record.Span[8..]));
    }

    /// <summary>Joins records of the same sender into the body of one message.</summary>
    public static ReadOnlyMemory<byte> Body(IReadOnlyList<UploadRecord> records, DateTimeOffset sent)
    {
        var output = new ArrayBufferWriter<byte>(records.Sum(record => record.Gpus.Length + record.Frames.Length + 2) + records[0].Header.Length + 128);
        output.Write("{"u8);
        output.Write(records[0].Header.Span);
        output.Write(",\"sent\":\""u8);
        sent.UtcDateTime.TryFormat(output.GetSpan(40), out var written, "yyyy-MM-ddTHH:mm:ss.fffffffZ", System.Globalization.CultureInfo.InvariantCulture);
        output.Advance(written);
        output.Write("\""u8);
        if (records.Any(record => record.Gpus.Length > 0))
        {
            output.Write(",\"gpus\":["u8);
            Join(record => record.Gpus);
            output.Write("]"u8);
        }

        output.Write(",\"frames\":["u8);
        Join(record => record.Frames);
        output.Write("]}"u8);
        return output.WrittenMemory;

        void Join(Func<UploadRecord, ReadOnlyMemory<byte>> piece)
        {
            var first = true;
            foreach (var record in records)
            {
                if (piece(record) is { Length: > 0 } bytes)
                {
                    output.Write(first ? ""u8 : ","u8);
                    output.Write(bytes.Span);
                    first = false;
                }
            }
        }
    }
}

using System.Text.Json;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Silo.Frames;

/// <summary>Reads the body of <c>POST /v1/telemetry</c> in one pass over its bytes. Unknown fields are skipped; the last of equal names wins.</summary>
internal sealed class BatchReader(GpuIdCache ids, IntakeOptions options)
{
    private const int LongestName = 200;

    /// <summary>Reads a whole body. Never throws for what a sender can send.</summary>
    public ReadBatch Read(ReadOnlySpan<byte> json)
    {
        var batch = new ReadBatch();
        try
        {
            var reader = new Utf8JsonReader(json);
            ReadEnvelope(ref reader, json, batch);
            if (batch.Problem is null && reader.Read())
            {
                batch.Problem = NotJson("something follows the object.");
            }
        }
        catch (JsonException exception)
        {
            batch.Problem = NotJson($"line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}: no JSON from there on. NaN and Infinity are no JSON: leave the field out.");
        }

        catch (InvalidOperationException)
        {
            // A name with half a surrogate pair is compared and not skipped; the grammar of JSON allows it, Unicode does not.
            batch.Problem = NotJson("a text is not well-formed Unicode.");
        }

        return batch;
    }

    private void ReadEnvelope(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ReadBatch batch)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            batch.Problem = Invalid("the body is no JSON object.");
            return;
        }

        var frames = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            if (reader.ValueTextEquals("frames"u8))
            {
                reader.Read();
                frames = true;
                ReadFrames(ref reader, batch);
            }
            else if (reader.ValueTextEquals("gpus"u8))
            {
                reader.Read();
                ReadGpus(ref reader, json, batch);
            }
            else if (reader.ValueTextEquals("host"u8))
            {
                batch.Host = ReadName(ref reader, "host", batch);
            }
            else if (reader.ValueTextEquals("boot"u8))
            {
                batch.Boot = ReadName(ref reader, "boot", batch);
            }
            else if (reader.ValueTextEquals("source"u8))
            {
                batch.Source = ReadName(ref reader, "source", batch);
            }
            else if (reader.ValueTextEquals("site"u8))
            {
                batch.Site = ReadName(ref reader, "site", batch);
            }
            else if (reader.ValueTextEquals("rack"u8))
            {
                batch.Rack = ReadName(ref reader, "rack", batch);
            }
            else if (reader.ValueTextEquals("sent"u8))
            {
                ReadSent(ref reader, batch);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        var missing = new[] { ("source", batch.Source is null), ("boot", batch.Boot is null), ("host", batch.Host is null), ("frames", !frames) }
            .Where(field => field.Item2)
            .Select(field => field.Item1);
        if (batch.Problem is null && string.Join(", ", missing) is { Length: > 0 } names)
        {
            batch.Problem = Invalid($"the batch lacks {names}.");
        }
    }

    private void ReadFrames(ref Utf8JsonReader reader, ReadBatch batch)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            batch.Problem ??= Invalid("frames is no array.");
            return;
        }

        var frameReader = new FrameReader(ids);
        batch.Frames.Clear();
        batch.Positions.Clear();
        batch.Items = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var position = batch.Items++;
            if (position >= options.MostFrames)
            {
                batch.Problem ??= new Problem(413, "too_many_frames", "The batch holds too many frames.", $"At most {options.MostFrames} frames are taken at once; send several batches.");
                reader.Skip();
                continue;
            }

            if (frameReader.Read(ref reader, position, batch.Remarks) is { } frame)
            {
                batch.Frames.Add(frame);
                batch.Positions.Add(position);
            }
        }
    }

    private static void ReadGpus(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ReadBatch batch)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            batch.Problem ??= Invalid("gpus is no array.");
            return;
        }

        for (var position = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; position++)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (GpuDescriptions.Read(json[start..(int)reader.BytesConsumed], position, batch.Remarks) is { } description)
            {
                batch.Gpus.Add(description);
            }
        }
    }

    private static string? ReadName(ref Utf8JsonReader reader, string field, ReadBatch batch)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        var text = reader.TokenType == JsonTokenType.String ? Text.Read(ref reader) : null;
        if (text is { Length: > 0 and <= LongestName } && !text.Any(char.IsControl))
        {
            return text;
        }

        reader.Skip();
        batch.Problem ??= Invalid($"{field} is a text of 1 to {LongestName} characters without control characters.");
        return null;
    }

    private static void ReadSent(ref Utf8JsonReader reader, ReadBatch batch)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && Text.TryReadTime(ref reader, out var sent))
        {
            batch.Sent = sent;
        }
        else if (reader.TokenType != JsonTokenType.Null)
        {
            reader.Skip();
            batch.Problem ??= Invalid("sent is an RFC 3339 time with its offset, such as 2026-11-23T01:02:03Z.");
        }
    }

    private static Problem NotJson(string detail) => new(400, "not_json", "The body is not JSON.", detail);

    private static Problem Invalid(string detail) => new(400, "invalid_batch", "The batch is not one of telemetry.", detail);
}

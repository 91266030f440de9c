using System.Text.Json;
using System.Text.Json.Serialization;
using EnergyTTT.Experiments.Corpora;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Models;

/// <summary>A trained model in one file: a line of JSON with shape, tokenizer and training report, then every weight as it is, in the order of their names.</summary>
public static class Checkpoint
{
    private const int Schema = 1;
    private const long Piece = 1 << 26;

    /// <summary>Writes a model that no longer learns. The file is replaced whole.</summary>
    public static void Write(string file, MoeLanguageModel model, BytePairTokenizer tokenizer, TrainingReport report)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var draft = file + ".part";
        using (var stream = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
        {
            var head = new CheckpointHead(Schema, model.Shape, model.Kind.ToString(), [.. tokenizer.Pairs.Select(pair => new[] { pair.First, pair.Second })], report);
            stream.Write(JsonSerializer.SerializeToUtf8Bytes(head, CheckpointJson.Default.CheckpointHead));
            stream.WriteByte((byte)'\n');
            using var none = no_grad();
            foreach (var weight in model.Weights.Values)
            {
                using var scope = NewDisposeScope();
                var flat = weight.detach().reshape(-1);
                for (long at = 0; at < flat.numel(); at += Piece)
                {
                    using var piece = flat.narrow(0, at, Math.Min(Piece, flat.numel() - at)).cpu();
                    stream.Write(piece.bytes);
                }
            }
        }

        File.Move(draft, file, overwrite: true);
    }

    /// <summary>What a checkpoint says of itself.</summary>
    /// <exception cref="FormatException">It is none, or of another kind.</exception>
    public static (ModelShape Shape, BytePairTokenizer Tokenizer, TrainingReport Report) ReadHead(string file)
    {
        using var stream = File.OpenRead(file);
        var head = Head(stream, file);
        return (head.Shape, new([.. head.Pairs.Select(pair => (pair[0], pair[1]))]), head.Report);
    }

    /// <summary>Reads the weights into a new model that does not learn.</summary>
    /// <exception cref="FormatException">The file is no checkpoint, or shorter than it says.</exception>
    public static MoeLanguageModel ReadModel(string file, Device device)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        var head = Head(stream, file);
        var kind = Enum.Parse<ScalarType>(head.Kind);
        var model = new MoeLanguageModel(head.Shape, 0, device, kind);
        try
        {
            using var none = no_grad();
            foreach (var weight in model.Weights.Values)
            {
                using var scope = NewDisposeScope();
                var flat = weight.reshape(-1);
                for (long at = 0; at < flat.numel(); at += Piece)
                {
                    using var part = flat.narrow(0, at, Math.Min(Piece, flat.numel() - at));
                    using var host = empty([part.numel()], weight.dtype);
                    stream.ReadExactly(host.bytes);
                    part.copy_(host);
                }
            }

            return stream.ReadByte() < 0 ? model : throw new FormatException($"'{file}' is longer than its shape says");
        }
        catch (EndOfStreamException)
        {
            model.Dispose();
            throw new FormatException($"'{file}' is shorter than its shape says: it was cut off");
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static CheckpointHead Head(Stream stream, string file)
    {
        List<byte> line = [];
        for (var next = stream.ReadByte(); next >= 0 && next != '\n' && line.Count < 1 << 24; next = stream.ReadByte())
        {
            line.Add((byte)next);
        }

        try
        {
            var head = JsonSerializer.Deserialize([.. line], CheckpointJson.Default.CheckpointHead);
            return head is { Schema: Schema } && head.Pairs.All(pair => pair.Length == 2) ? head : throw new FormatException($"'{file}' is a checkpoint of schema {head?.Schema}: {Schema} expected");
        }
        catch (JsonException broken)
        {
            throw new FormatException($"'{file}' is no checkpoint: {broken.Message}", broken);
        }
    }
}

/// <summary>The first line of a checkpoint.</summary>
internal sealed record CheckpointHead(int Schema, ModelShape Shape, string Kind, int[][] Pairs, TrainingReport Report);

/// <summary>JSON of checkpoints.</summary>
[JsonSerializable(typeof(CheckpointHead))]
internal sealed partial class CheckpointJson : JsonSerializerContext;

using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;

namespace EnergyTTT.Cli.Selections;

/// <summary>Gate logits of a real model, recorded on held-out text: PREFIX.json, PREFIX_logits.f16.gz and PREFIX_usage.i32.gz.</summary>
internal sealed class GateRecording
{
    private GateRecording(int layers, int sequences, int positions, int experts, int topK, int context, float[] logits, float[] usage)
    {
        (Layers, Sequences, Positions, Experts, TopK, Context) = (layers, sequences, positions, experts, topK, context);
        Logits = logits;
        Usage = usage;
    }

    public int Layers { get; }

    public int Sequences { get; }

    public int Positions { get; }

    public int Experts { get; }

    public int TopK { get; }

    /// <summary>Tokens of each sequence before the recorded positions.</summary>
    public int Context { get; }

    /// <summary>[layers, sequences, positions, experts].</summary>
    public float[] Logits { get; }

    /// <summary>[sequences, layers, experts]: how often each expert was among the top-k of the tokens before the recorded positions.</summary>
    public float[] Usage { get; }

    /// <summary>Logits of one token.</summary>
    public ReadOnlySpan<float> Token(int layer, int sequence, int position) =>
        Logits.AsSpan((((layer * Sequences) + sequence) * Positions + position) * Experts, Experts);

    /// <summary>Reads a recording.</summary>
    /// <exception cref="InvalidDataException">A file is missing, or does not hold what the JSON file says.</exception>
    public static GateRecording Read(string prefix)
    {
        foreach (var path in new[] { prefix + ".json", prefix + "_logits.f16.gz", prefix + "_usage.i32.gz" })
        {
            if (!File.Exists(path))
            {
                throw new InvalidDataException($"{path} does not exist. --gates takes the common beginning of three files, for example data/gates_e64.");
            }
        }

        using var description = JsonDocument.Parse(File.ReadAllBytes(prefix + ".json"));
        int Number(string name) => description.RootElement.TryGetProperty(name, out var value) && value.TryGetInt32(out var number) && number > 0
            ? number
            : throw new InvalidDataException($"{prefix}.json has no positive whole '{name}'.");
        int layers = Number("layers"), sequences = Number("sequences"), positions = Number("positions"), experts = Number("experts"), context = Number("first_position");
        var halves = Unzip(prefix + "_logits.f16.gz", checked(2 * layers * sequences * positions * experts));
        var counts = Unzip(prefix + "_usage.i32.gz", checked(4 * layers * sequences * experts));
        var logits = new float[halves.Length / 2];
        for (var cell = 0; cell < logits.Length; cell++)
        {
            logits[cell] = (float)BinaryPrimitives.ReadHalfLittleEndian(halves.AsSpan(2 * cell));
        }

        var usage = new float[counts.Length / 4];
        for (var layer = 0; layer < layers; layer++)
        {
            for (var sequence = 0; sequence < sequences; sequence++)
            {
                for (var expert = 0; expert < experts; expert++)
                {
                    usage[(((sequence * layers) + layer) * experts) + expert] =
                        BinaryPrimitives.ReadInt32LittleEndian(counts.AsSpan(4 * ((((layer * sequences) + sequence) * experts) + expert)));
                }
            }
        }

        return new(layers, sequences, positions, experts, Number("top_k"), context, logits, usage);
    }

    private static byte[] Unzip(string path, int length)
    {
        using var zipped = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var bytes = new byte[length];
        if (zipped.ReadAtLeast(bytes, length, throwOnEndOfStream: false) < length || zipped.ReadByte() >= 0)
        {
            throw new InvalidDataException($"{path} does not hold the {length} bytes that its JSON file announces.");
        }

        return bytes;
    }
}

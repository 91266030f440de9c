using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;

namespace EnergyTTT.Simulation.Gates;

/// <summary>
/// Real gate logits of a trained decoder on held-out text (<c>data/README.md</c>): for each of some sequences, the logits of every layer at
/// consecutive positions, and how often each expert was used before them. Immutable; one copy serves the whole process.
/// </summary>
public sealed class RecordedGates
{
    private static readonly Lazy<RecordedGates> Lazily = new(() => Load(name => typeof(RecordedGates).Assembly.GetManifestResourceStream(name)
        ?? throw new InvalidOperationException($"{name} is missing from this build.")));

    private readonly float[] _logits;
    private readonly int[] _usage;

    private RecordedGates(int layers, int sequences, int positions, int experts, int topK, float[] logits, int[] usage)
    {
        (Layers, Sequences, Positions, Experts, TopK) = (layers, sequences, positions, experts, topK);
        (_logits, _usage) = (logits, usage);
    }

    /// <summary>The recording that this build carries: 6 layers of 64 experts, top-8, 256 sequences at 32 positions.</summary>
    public static RecordedGates E64 => Lazily.Value;

    /// <summary>Number of MoE layers.</summary>
    public int Layers { get; }

    /// <summary>Number of sequences.</summary>
    public int Sequences { get; }

    /// <summary>Recorded positions of each sequence.</summary>
    public int Positions { get; }

    /// <summary>Experts per layer.</summary>
    public int Experts { get; }

    /// <summary>Experts per token.</summary>
    public int TopK { get; }

    /// <summary>The gate logits <c>[experts]</c> of one token; positions repeat after the last.</summary>
    public ReadOnlySpan<float> Logits(int layer, int sequence, long position) =>
        _logits.AsSpan(((((layer * Sequences) + sequence) * Positions) + (int)(position % Positions)) * Experts, Experts);

    /// <summary>How often each expert <c>[experts]</c> was among the top-k of the 256 tokens before the first position.</summary>
    public ReadOnlySpan<int> Usage(int layer, int sequence) => _usage.AsSpan(((layer * Sequences) + sequence) * Experts, Experts);

    private static RecordedGates Load(Func<string, Stream> open)
    {
        using var description = JsonDocument.Parse(open("gates_e64.json"));
        int Number(string name) => description.RootElement.GetProperty(name).GetInt32();
        int layers = Number("layers"), sequences = Number("sequences"), positions = Number("positions"), experts = Number("experts");
        var halves = Unpack(open("gates_e64_logits.f16.gz"), layers * sequences * positions * experts * 2);
        var logits = new float[halves.Length / 2];
        for (var i = 0; i < logits.Length; i++)
        {
            logits[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(halves.AsSpan(i * 2));
        }

        var words = Unpack(open("gates_e64_usage.i32.gz"), layers * sequences * experts * 4);
        var usage = new int[words.Length / 4];
        for (var i = 0; i < usage.Length; i++)
        {
            usage[i] = BinaryPrimitives.ReadInt32LittleEndian(words.AsSpan(i * 4));
        }

        return new(layers, sequences, positions, experts, Number("top_k"), logits, usage);
    }

    private static byte[] Unpack(Stream gzip, int length)
    {
        using var unpacking = new GZipStream(gzip, CompressionMode.Decompress);
        var bytes = new byte[length];
        unpacking.ReadExactly(bytes);

        return unpacking.ReadByte() < 0 ? bytes : throw new FormatException($"the recording is longer than the {length} bytes that its description says");
    }
}

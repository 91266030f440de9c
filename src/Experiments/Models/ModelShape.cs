namespace EnergyTTT.Experiments.Models;

/// <summary>The sizes of a mixture-of-experts language model. Equality is by value.</summary>
public sealed record ModelShape
{
    /// <summary>d_model.</summary>
    public required int Width { get; init; }

    /// <summary>Layers; each has attention and a block of experts.</summary>
    public required int Layers { get; init; }

    /// <summary>Heads of queries.</summary>
    public required int Heads { get; init; }

    /// <summary>Heads of keys and values; divides <see cref="Heads"/>.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>E.</summary>
    public required int Experts { get; init; }

    /// <summary>k.</summary>
    public required int TopK { get; init; }

    /// <summary>Hidden width of one expert.</summary>
    public required int ExpertWidth { get; init; }

    /// <summary>True: gated experts of three matrices (SwiGLU). False: "simple" ones of two (SiLU).</summary>
    public bool Gated { get; init; } = true;

    /// <summary>Hidden width of an expert that every token passes; 0: none.</summary>
    public int SharedWidth { get; init; }

    /// <summary>Tokens of the vocabulary.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Width of a head.</summary>
    public int HeadWidth => Width / Heads;

    /// <summary>Columns of an expert's first product.</summary>
    public int UpWidth => Gated ? 2 * ExpertWidth : ExpertWidth;

    /// <summary>Parameters of one expert.</summary>
    public long ExpertParameters => (long)Width * (UpWidth + ExpertWidth);

    /// <summary>Parameters in all.</summary>
    public long Parameters => 2L * Vocabulary * Width + Width + Layers * (2L * Width + (long)(Heads + 2 * KeyHeads) * HeadWidth * Width + (long)Heads * HeadWidth * Width
        + (long)Experts * Width + Experts * ExpertParameters + 3L * Width * SharedWidth);

    /// <summary>For two cores and a few minutes.</summary>
    public static ModelShape Tiny { get; } = new() { Width = 128, Layers = 2, Heads = 4, KeyHeads = 2, Experts = 32, TopK = 4, ExpertWidth = 64, Vocabulary = 1_024 };

    /// <summary>For one H100: reading experts (18.9 MB each) is most of a decode step.</summary>
    public static ModelShape H100 { get; } = new() { Width = 2_048, Layers = 4, Heads = 16, KeyHeads = 4, Experts = 64, TopK = 8, ExpertWidth = 1_536, Vocabulary = 8_192 };

    /// <summary>Throws a list of everything that does not fit.</summary>
    /// <exception cref="ArgumentException">Something does not.</exception>
    public ModelShape Check()
    {
        List<string> wrong = [];
        Require(Width is >= 16 and <= 16_384 && Width % 8 == 0, $"--d-model is {Width}: a multiple of 8 from 16 to 16384 expected");
        Require(Layers is >= 1 and <= 256, $"--layers is {Layers}: 1 to 256 expected");
        Require(Heads >= 1 && Width % Math.Max(1, Heads) == 0 && HeadWidth % 2 == 0, $"{Heads} heads do not divide a width of {Width} into even parts");
        Require(KeyHeads >= 1 && Heads % Math.Max(1, KeyHeads) == 0, $"{KeyHeads} heads of keys do not divide {Heads} heads");
        Require(Experts is >= 2 and <= 4_096, $"--num-experts is {Experts}: 2 to 4096 expected");
        Require(TopK >= 1 && TopK <= Experts, $"--top-k is {TopK}: 1 to {Experts} expected");
        Require(ExpertWidth is >= 8 and <= 65_536 && ExpertWidth % 8 == 0, $"--expert-width is {ExpertWidth}: a multiple of 8 from 8 to 65536 expected");
        Require(SharedWidth is >= 0 and <= 65_536 && SharedWidth % 8 == 0, $"--shared-width is {SharedWidth}: a multiple of 8 from 0 to 65536 expected");
        Require(Vocabulary is >= 257 and <= 65_535, $"--vocabulary is {Vocabulary}: 257 to 65535 expected");
        return wrong.Count == 0 ? this : throw new ArgumentException(string.Join("; ", wrong));

        void Require(bool holds, string message)
        {
            if (!holds)
            {
                wrong.Add(message);
            }
        }
    }
}

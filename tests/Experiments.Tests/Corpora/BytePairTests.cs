using EnergyTTT.Experiments.Corpora;

namespace EnergyTTT.Experiments.Tests.Corpora;

public class BytePairTests
{
    private static readonly TextDocument[] Text =
        [new("a", ["the cat sat on the mat and the cat ate the rat", "the theatre is there"]), new("b", ["naïve café: 3.14159, 日本語 and the cat"])];

    [Fact]
    public void Text_comes_back_from_its_tokens_also_text_that_was_never_seen()
    {
        var tokenizer = BytePairTrainer.Train(Text, 300);

        foreach (var text in new[] { "the cat", "Ω unseen ☃ 42!", "  two  blanks ", "tab\tand\"quotes\"" })
        {
            List<int> tokens = [];
            tokenizer.Encode(text, tokens);
            Assert.Equal(text, tokenizer.Decode(tokens));
        }
    }

    [Fact]
    public void The_commonest_pair_is_learned_first_and_shortens_text()
    {
        var tokenizer = BytePairTrainer.Train([new("a", ["abababab abab"])], 259);
        List<int> tokens = [];

        tokenizer.Encode("abab", tokens);

        Assert.Equal([258], tokens); // 257 is "ab", 258 is "abab".
    }

    [Fact]
    public void A_vocabulary_survives_as_bytes_and_a_broken_one_is_refused()
    {
        var tokenizer = BytePairTrainer.Train(Text, 290);
        List<int> before = [], after = [];

        var back = BytePairTokenizer.FromBytes(tokenizer.ToBytes());
        tokenizer.Encode("the theatre cat", before);
        back.Encode("the theatre cat", after);

        Assert.Equal(before, after);
        Assert.Throws<FormatException>(() => BytePairTokenizer.FromBytes([1, 2, 3]));
        Assert.Throws<FormatException>(() => BytePairTokenizer.FromBytes([255, 255, 1, 0]));
    }
}

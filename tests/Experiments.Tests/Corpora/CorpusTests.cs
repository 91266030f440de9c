using EnergyTTT.Experiments.Corpora;

namespace EnergyTTT.Experiments.Tests.Corpora;

public class CorpusTests
{
    [Fact]
    public void Held_out_text_is_not_trained_on()
    {
        // Each type says a number that nobody else says.
        TextDocument[] documents = [new("Numbers", [.. Enumerable.Range(1000, 400).SelectMany(n => new[] { $"Space.Type{n}.First: says {n}{n}.", $"Space.Type{n}.Second: says {n}{n} again." })])];

        var corpus = Corpus.Make(documents, 300);
        var held = corpus.HeldOut(4, 60, 1);
        var heldText = string.Concat(Enumerable.Range(0, 4).Select(i => corpus.Tokenizer.Decode(held.Tokens.Skip(i * 60).Take(60).Select(t => (int)t))));
        var numbers = System.Text.RegularExpressions.Regex.Matches(heldText, "says (\\d{8})").Select(m => m.Groups[1].Value).Distinct().ToList();
        var train = string.Concat(Enumerable.Range(0, 200).Select(seed => corpus.Tokenizer.Decode(corpus.TrainBatch(new Random(seed), 1, 500).Select(t => (int)t))));

        Assert.NotEmpty(numbers);
        Assert.All(numbers, number => Assert.DoesNotContain(number, train, StringComparison.Ordinal));
        Assert.True(corpus.HeldOutTokens > 0 && corpus.TrainTokens > 5 * corpus.HeldOutTokens);
    }

    [Fact]
    public void Too_little_text_says_what_to_do()
    {
        var corpus = Corpus.Make([new("few", [.. Enumerable.Range(0, 300).Select(i => $"Name.Space{i}.Member: a short line.")])], 280);

        var wrong = Assert.Throws<InvalidOperationException>(() => corpus.HeldOut(5_000, 4_000, 1));

        Assert.Contains("--corpus", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_documentation_of_the_sdk_is_found_and_reads_as_English()
    {
        var documents = CorpusSource.Read(null, 200_000);

        Assert.NotEmpty(documents);
        Assert.Contains(documents.SelectMany(d => d.Paragraphs), paragraph => paragraph.Contains(" the ", StringComparison.Ordinal));
        Assert.DoesNotContain(documents.SelectMany(d => d.Paragraphs), paragraph => paragraph.Contains("<summary>", StringComparison.Ordinal) || paragraph.Contains('\n', StringComparison.Ordinal));
    }

    [Fact]
    public void A_packed_corpus_reads_back_by_domain()
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.gz");
        try
        {
            CorpusSource.Write([new("one", ["first", "second"]), new("two", ["third"])], file);

            var back = CorpusSource.Read(file);

            Assert.Equal(["one", "two"], back.Select(d => d.Domain));
            Assert.Equal(["first", "second"], back[0].Paragraphs);
        }
        finally
        {
            File.Delete(file);
        }
    }
}

using EnergyTTT.Selection.Signatures;

namespace EnergyTTT.Selection.Tests.Signatures;

public class SignatureTests
{
    [Fact]
    public void A_signature_has_length_one_and_is_the_same_on_every_machine()
    {
        var projection = new SignatureProjection(2, 4, seed: 7);
        var signature = new float[SignatureProjection.Length];

        projection.Project([4, 0, 0, 0, 0, 2, 2, 0], signature);

        Assert.Equal(1, signature.Sum(v => (double)v * v), 1e-6);
        var again = new float[SignatureProjection.Length];
        new SignatureProjection(2, 4, seed: 7).Project([8, 0, 0, 0, 0, 4, 4, 0], again);
        Assert.Equal(signature, again);
    }

    [Fact]
    public void Even_usage_resembles_nobody()
    {
        var projection = new SignatureProjection(1, 8);
        var even = new float[SignatureProjection.Length];
        var uneven = new float[SignatureProjection.Length];
        projection.Project([3, 3, 3, 3, 3, 3, 3, 3], even);
        projection.Project([9, 0, 0, 0, 0, 0, 0, 0], uneven);

        Assert.All(even, v => Assert.Equal(0, v));
        Assert.Equal(0, SignatureSimilarity.Cosine(even, uneven));
        Assert.Equal(1, SignatureSimilarity.Cosine(uneven, uneven), 1e-6);
    }

    [Fact]
    public void The_projection_keeps_cosines_to_about_an_eighth()
    {
        var random = new Random(3);
        var projection = new SignatureProjection(6, 64);
        double squares = 0;
        for (var pair = 0; pair < 200; pair++)
        {
            var shared = Enumerable.Range(0, 384).Select(_ => random.NextSingle()).ToArray();
            var mix = random.NextSingle();
            var left = shared.Select(v => v + (mix * random.NextSingle())).ToArray();
            var right = shared.Select(v => v + (mix * random.NextSingle())).ToArray();
            float[] a = new float[64], b = new float[64];
            projection.Project(left, a);
            projection.Project(right, b);
            squares += Math.Pow(SignatureSimilarity.Cosine(a, b) - SignatureSimilarity.Cosine(Centred(left), Centred(right)), 2);
        }

        Assert.True(Math.Sqrt(squares / 200) < 0.125);
    }

    [Fact]
    public void Usage_halves_its_weight_after_its_half_life()
    {
        var usage = new DecayedUsage(1, 2, halfLifeTokens: 4);
        usage.Add([0]);
        for (var token = 0; token < 4; token++)
        {
            usage.Add([1]);
        }

        var q = new float[2];
        usage.Probabilities(q);

        var newer = 1 + Math.Pow(2, -0.25) + Math.Pow(2, -0.5) + Math.Pow(2, -0.75);
        Assert.Equal(0.5 / (0.5 + newer), q[0], 1e-6);
        Assert.Equal(newer / (0.5 + newer), q[1], 1e-6);
    }

    [Fact]
    public void Counts_of_a_prefill_weigh_like_its_tokens()
    {
        var usage = new DecayedUsage(2, 2, double.PositiveInfinity);
        usage.Add([3, 1, 0, 4], 4);
        usage.Add([0, 1]);

        var q = new float[4];
        usage.Probabilities(q);

        Assert.Equal([0.8f, 0.2f, 0, 1], q);
        Assert.Throws<ArgumentException>(() => usage.Add([1f, 2f], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => usage.Add([0, 2]));
    }

    [Fact]
    public void Extra_experts_are_those_that_nobody_else_in_the_batch_uses()
    {
        float[] absence = new float[3];
        ExtraExperts.AddAbsence([0.5f, 0, 0.2f], absence);
        ExtraExperts.AddAbsence([0.5f, 0, 0], absence);

        Assert.Equal((1 * 0.25) + (0.5 * 1), ExtraExperts.FromUsage([1, 0.5f, 0], absence, 1), 1e-6);
        Assert.Equal(0.75 + 0.2, ExtraExperts.Distinct(absence, 1), 1e-6);
        ExtraExperts.AddAbsence([0.5f, 0, 0], absence, -1);
        Assert.Equal(0.5 + 0.2, ExtraExperts.Distinct(absence, 1), 1e-6);
    }

    [Fact]
    public void By_signature_a_stranger_costs_what_even_usage_says_and_a_relative_less()
    {
        var stranger = ExtraExperts.FromSimilarity(64, 8, 15, cosine: 0, unevenness: 0.5);

        Assert.Equal(8 * Math.Pow(1 - (8.0 / 64), 15), stranger, 1e-12);
        Assert.True(ExtraExperts.FromSimilarity(64, 8, 15, 0.6, 0.5) < stranger);
        Assert.True(ExtraExperts.FromSimilarity(64, 8, 15, -0.6, 0.5) > stranger);
        Assert.Equal(8, ExtraExperts.FromSimilarity(64, 8, 0, 1, 0.5));
    }

    private static float[] Centred(float[] usage) => [.. usage.Chunk(64).SelectMany(layer => layer.Select(v => v - layer.Average()))];
}

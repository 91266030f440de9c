namespace EnergyTTT.Selection.Signatures;

/// <summary>How many distinct experts a request adds to the batches that it joins, per layer and step.</summary>
public static class ExtraExperts
{
    /// <summary>
    /// From usage: <c>(1/layers) sum_l sum_e q_e prod_s (1 - q_s,e)</c>, the experts that the request touches and nobody else in the batch does,
    /// tokens taken as independent.
    /// </summary>
    /// <param name="request">q [layers, experts]: probability that a token of the request uses each expert.</param>
    /// <param name="absence">[layers, experts]: the sum over the batch of <c>ln(1 - q_s,e)</c>, as <see cref="AddAbsence"/> makes it.</param>
    /// <param name="layers">The number of layers, at least 1.</param>
    public static double FromUsage(ReadOnlySpan<float> request, ReadOnlySpan<float> absence, int layers)
    {
        RequireSame(request.Length, absence.Length, layers);
        double extra = 0;
        for (var cell = 0; cell < request.Length; cell++)
        {
            extra += request[cell] * Math.Exp(absence[cell]);
        }

        return extra / layers;
    }

    /// <summary>Distinct experts per layer and step that a batch is expected to read: <c>(1/layers) sum (1 - e^absence)</c>.</summary>
    public static double Distinct(ReadOnlySpan<float> absence, int layers)
    {
        RequireSame(absence.Length, absence.Length, layers);
        double distinct = 0;
        foreach (var entry in absence)
        {
            distinct += 1 - Math.Exp(entry);
        }

        return distinct / layers;
    }

    /// <summary>Adds (sign 1) a request to a batch, or takes it out (sign -1): <c>absence += sign ln(1 - q)</c>, q at most 0.999.</summary>
    public static void AddAbsence(ReadOnlySpan<float> request, Span<float> absence, int sign = 1)
    {
        RequireSame(request.Length, absence.Length, 1);
        for (var cell = 0; cell < request.Length; cell++)
        {
            absence[cell] += sign * MathF.Log(1 - MathF.Min(request[cell], LargestUsage));
        }
    }

    /// <summary>
    /// From signatures alone: <c>k (1 - (k/E)(1 + s v))^N</c>. With s = 0 it is the extra expert count of a stranger; similarity raises the chance that a token
    /// of the replica already uses the same expert in proportion to how uneven usage is.
    /// </summary>
    /// <remarks>First order: exact for even usage, an ordering of replicas otherwise. Source: ours, docs/decisions/0052.</remarks>
    /// <param name="experts">E.</param>
    /// <param name="topK">k.</param>
    /// <param name="tokens">N, tokens of other requests in the replica's batch, at least 0.</param>
    /// <param name="cosine">s, the cosine of the request's and the replica's signature.</param>
    /// <param name="unevenness">v, the squared coefficient of variation of usage over experts, at least 0.</param>
    public static double FromSimilarity(int experts, int topK, int tokens, double cosine, double unevenness)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(topK, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topK, experts);
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        if (!(cosine is >= -1 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(cosine), cosine, "A cosine lies in [-1, 1].");
        }

        if (!(unevenness >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(unevenness), unevenness, "A squared coefficient of variation is at least 0.");
        }

        var met = Math.Clamp((double)topK / experts * (1 + (cosine * unevenness)), 0, 1);
        return topK * Math.Pow(1 - met, tokens);
    }

    private const float LargestUsage = 0.999f;

    private static void RequireSame(int length, int other, int layers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        if (length != other || length % layers != 0)
        {
            throw new ArgumentException($"Usage of {length} and {other} numbers over {layers} layers does not fit together.");
        }
    }
}

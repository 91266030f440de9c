namespace EnergyTTT.Routing.Learning;

/// <summary>What a row of gate probabilities says about the edge of its top-k.</summary>
internal static class GateMargins
{
    /// <summary>
    /// The k-th and the (k+1)-th largest probability; the latter is 0 when k = E. Adds 1 to the demand of each expert of the top-k (ties to the lower index).
    /// </summary>
    public static (float Inside, float Outside) Edge(ReadOnlySpan<float> row, int topK, Span<double> demand)
    {
        Span<float> values = stackalloc float[topK + 1];
        Span<int> owners = stackalloc int[topK + 1];
        var held = 0;
        for (var e = 0; e < row.Length; e++)
        {
            if (held == topK + 1 && !(row[e] > values[topK]))
                continue;
            var at = Math.Min(held, topK);
            for (; at > 0 && row[e] > values[at - 1]; at--)
                (values[at], owners[at]) = (values[at - 1], owners[at - 1]);
            (values[at], owners[at]) = (row[e], e);
            held = Math.Min(held + 1, topK + 1);
        }

        for (var slot = 0; slot < topK && !demand.IsEmpty; slot++)
            demand[owners[slot]]++;
        return (values[topK - 1], held > topK ? values[topK] : 0);
    }

    /// <summary><c>ln p_(k) - ln p_(k+1)</c>, the logit gap at the edge; infinite when nothing is outside.</summary>
    public static double Gap(float inside, float outside) => outside > 0 ? Math.Log(inside) - Math.Log(outside) : double.PositiveInfinity;
}

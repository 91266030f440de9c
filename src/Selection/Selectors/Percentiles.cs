namespace EnergyTTT.Selection.Selectors;

/// <summary>Order statistics of the shares of a call.</summary>
internal static class Percentiles
{
    /// <summary>The first percentile by nearest rank: the value at rank ceil(n / 100). Reorders <paramref name="values"/>. 1 when there are none.</summary>
    public static double First(Span<double> values)
    {
        if (values.IsEmpty)
        {
            return 1;
        }

        var rank = ((values.Length + 99) / 100) - 1;
        int low = 0, high = values.Length - 1;
        while (low < high)
        {
            var pivot = values[low + ((high - low) / 2)];
            int i = low, j = high;
            while (i <= j)
            {
                while (values[i] < pivot)
                {
                    i++;
                }

                while (values[j] > pivot)
                {
                    j--;
                }

                if (i <= j)
                {
                    (values[i], values[j]) = (values[j], values[i]);
                    i++;
                    j--;
                }
            }

            if (rank <= j)
            {
                high = j;
            }
            else if (rank >= i)
            {
                low = i;
            }
            else
            {
                break;
            }
        }

        return values[rank];
    }
}

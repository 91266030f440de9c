using EnergyTTT.History.Series;

namespace EnergyTTT.Silo.Series;

/// <summary>One form in which series are sent.</summary>
/// <param name="ContentType">Its media type.</param>
/// <param name="Write">Sends them.</param>
internal readonly record struct SeriesFormat(string ContentType, Func<HttpResponse, SeriesColumns, CancellationToken, Task> Write);

/// <summary>The forms, and the choice among them by the Accept header.</summary>
internal static class SeriesFormats
{
    private static readonly SeriesFormat[] All =
    [
        new("application/json", SeriesJsonAnswer.Write),
        new("text/csv", SeriesCsv.Write),
        new(SeriesParquet.ContentType, SeriesParquet.Write),
        new(SeriesBinary.ContentType, SeriesBinary.Write),
    ];

    /// <summary>The first type of the header that can be sent; JSON when the header does not care; null when none can be.</summary>
    public static SeriesFormat? Choose(string accept)
    {
        if (string.IsNullOrWhiteSpace(accept))
        {
            return All[0];
        }

        foreach (var part in accept.Split(',', StringSplitOptions.TrimEntries))
        {
            var type = part.Split(';', 2)[0].Trim();
            if (type is "*/*" or "application/*")
            {
                return All[0];
            }

            foreach (var format in All)
            {
                if (format.ContentType.Equals(type, StringComparison.OrdinalIgnoreCase))
                {
                    return format;
                }
            }
        }

        return null;
    }
}

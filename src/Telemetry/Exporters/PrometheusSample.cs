using System.Globalization;

namespace EnergyTTT.Telemetry.Exporters;

/// <summary>One line of a Prometheus exposition: a metric's name, its labels and its value. NaN where the line says so.</summary>
internal sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>Reads an exposition in the text format. Comments, empty lines and lines that are not understood are left out.</summary>
    public static IEnumerable<PrometheusSample> Parse(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            if (TryParse(line.AsSpan().Trim()) is { } sample)
            {
                yield return sample;
            }
        }
    }

    private static PrometheusSample? TryParse(ReadOnlySpan<char> line)
    {
        if (line.IsEmpty || line[0] == '#')
        {
            return null;
        }

        var end = line.IndexOfAny("{ \t");
        if (end <= 0)
        {
            return null;
        }

        var name = line[..end].ToString();
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var rest = line[end..];
        if (rest[0] == '{' && !ReadLabels(ref rest, labels))
        {
            return null;
        }

        rest = rest.Trim();
        var space = rest.IndexOfAny(" \t");
        var number = space < 0 ? rest : rest[..space];
        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? new PrometheusSample(name, labels, value) : null;
    }

    // {name="value",...}: a value may hold anything, with \\, \" and \n escaped.
    private static bool ReadLabels(ref ReadOnlySpan<char> rest, Dictionary<string, string> labels)
    {
        var i = 1;
        var value = new System.Text.StringBuilder();
        while (true)
        {
            while (i < rest.Length && rest[i] is ',' or ' ')
            {
                i++;
            }

            if (i < rest.Length && rest[i] == '}')
            {
                rest = rest[(i + 1)..];
                return true;
            }

            var start = i;
            while (i < rest.Length && rest[i] != '=')
            {
                i++;
            }

            if (i + 1 >= rest.Length || rest[i + 1] != '"')
            {
                return false;
            }

            var name = rest[start..i].Trim().ToString();
            value.Clear();
            for (i += 2; i < rest.Length && rest[i] != '"'; i++)
            {
                if (rest[i] == '\\' && i + 1 < rest.Length)
                {
                    i++;
                    value.Append(rest[i] == 'n' ? '\n' : rest[i]);
                }
                else
                {
                    value.Append(rest[i]);
                }
            }

            if (i >= rest.Length)
            {
                return false;
            }

            labels[name] = value.ToString();
            i++;
        }
    }
}

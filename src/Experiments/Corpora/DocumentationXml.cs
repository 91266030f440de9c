using System.Text;
using System.Xml;

namespace EnergyTTT.Experiments.Corpora;

/// <summary>Reads the reference documentation that .NET ships as XML into plain English: one paragraph per member, its name first.</summary>
public static class DocumentationXml
{
    private const int ShortestParagraph = 40;

    /// <summary>The documentation files of the .NET SDK on this machine, in the order of their paths; empty where there is none.</summary>
    public static IReadOnlyList<string> Find()
    {
        string?[] roots =
        [
            Environment.GetEnvironmentVariable("DOTNET_ROOT"), Path.GetDirectoryName(Environment.ProcessPath), Path.Combine(RuntimeDirectory(), "..", "..", ".."), "/usr/share/dotnet",
            "/usr/lib/dotnet", Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dotnet"),
        ];
        foreach (var root in roots)
        {
            var packs = root is null ? null : Path.Combine(root, "packs");
            if (packs is not null && Directory.Exists(packs))
            {
                var newest = Directory.GetDirectories(packs).Order(StringComparer.Ordinal).Select(pack => Directory.GetDirectories(pack).Order(StringComparer.Ordinal).LastOrDefault()).OfType<string>();
                List<string> files = [.. newest.SelectMany(version => Directory.GetFiles(version, "*.xml", SearchOption.AllDirectories))
                    .Where(file => file.Contains($"{Path.DirectorySeparatorChar}ref{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).OrderDescending(StringComparer.Ordinal)
                    .DistinctBy(Path.GetFileName, StringComparer.Ordinal).Order(StringComparer.Ordinal)]; // One pack repeats what another has: the same text must not stand on both sides.
                if (files.Count > 0)
                {
                    return files;
                }
            }
        }

        return [];
    }

    /// <summary>The paragraphs of one file; empty when it is no documentation.</summary>
    public static IEnumerable<string> Read(string file)
    {
        using var reader = XmlReader.Create(file, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, IgnoreComments = true });
        var paragraph = new StringBuilder();
        var inside = false;
        while (Advance(reader))
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element when reader.Name == "member":
                    paragraph.Clear();
                    paragraph.Append(Plain(reader.GetAttribute("name"))).Append(": ");
                    inside = !reader.IsEmptyElement;
                    break;
                case XmlNodeType.Element when inside && reader.Name is "see" or "seealso" or "paramref" or "typeparamref":
                    paragraph.Append(Plain(reader.GetAttribute("cref") ?? reader.GetAttribute("name") ?? reader.GetAttribute("langword")));
                    break;
                case XmlNodeType.Element when inside && reader.Name is "param" or "typeparam" or "exception":
                    paragraph.Append(' ').Append(Plain(reader.GetAttribute("name") ?? reader.GetAttribute("cref"))).Append(": ");
                    break;
                case XmlNodeType.Element when inside && reader.Name is "returns" or "value" or "remarks":
                    paragraph.Append(reader.Name == "returns" ? " Returns: " : " ");
                    break;
                case XmlNodeType.Text or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace or XmlNodeType.CDATA when inside:
                    paragraph.Append(reader.Value);
                    break;
                case XmlNodeType.EndElement when reader.Name == "member":
                    inside = false;
                    var text = Tidy(paragraph);
                    if (text.Length >= ShortestParagraph)
                    {
                        yield return text;
                    }

                    break;
            }
        }
    }

    private static bool Advance(XmlReader reader)
    {
        try
        {
            return reader.Read();
        }
        catch (XmlException)
        {
            return false; // What was read so far is good text; a broken tail is not worth failing for.
        }
    }

    // "M:System.IO.File.Open(System.String)" reads as "System.IO.File.Open".
    private static string Plain(string? name)
    {
        if (name is null)
        {
            return "";
        }

        var text = name.Length > 2 && name[1] == ':' ? name[2..] : name;
        var end = text.AsSpan().IndexOfAny('(', '`', '~');
        return end < 0 ? text : text[..end];
    }

    private static string Tidy(StringBuilder text)
    {
        var tidy = new StringBuilder(text.Length);
        var blank = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsWhiteSpace(text[i]))
            {
                blank = tidy.Length > 0;
                continue;
            }

            if (blank)
            {
                tidy.Append(' ');
            }

            blank = false;
            tidy.Append(text[i]);
        }

        return tidy.ToString();
    }

    private static string RuntimeDirectory() => System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory();
}

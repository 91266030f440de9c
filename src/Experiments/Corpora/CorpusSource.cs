using System.IO.Compression;

namespace EnergyTTT.Experiments.Corpora;

/// <summary>Finds the text of a corpus: files that a person names, else the documentation of the .NET SDK.</summary>
public static class CorpusSource
{
    /// <summary>Reads documents.</summary>
    /// <param name="path">A text file (also .gz), an XML documentation file, or a folder of such; null takes the SDK's documentation.</param>
    /// <param name="greatestCharacters">Reading stops after so many characters.</param>
    /// <exception cref="FileNotFoundException">There is no text; the message says where was looked and the way out.</exception>
    public static IReadOnlyList<TextDocument> Read(string? path, long greatestCharacters = long.MaxValue)
    {
        var files = path is null ? DocumentationXml.Find()
            : Directory.Exists(path) ? [.. Directory.GetFiles(path, "*", SearchOption.AllDirectories).Where(IsText).Order(StringComparer.Ordinal)]
            : File.Exists(path) ? [path]
            : throw new FileNotFoundException($"--corpus '{path}' is neither a file nor a folder", path);
        List<TextDocument> documents = [];
        long characters = 0;
        foreach (var file in files)
        {
            List<string> paragraphs = [.. Paragraphs(file)];
            if (paragraphs.Count == 0)
            {
                continue;
            }

            // A text of many domains, as Write makes it: a line "## name" begins the next.
            var domain = Path.GetFileNameWithoutExtension(file);
            List<string> gathered = [];
            foreach (var paragraph in paragraphs)
            {
                if (paragraph.StartsWith("## ", StringComparison.Ordinal))
                {
                    Add(domain, gathered);
                    (domain, gathered) = (paragraph[3..], []);
                    continue;
                }

                gathered.Add(paragraph);
                characters += paragraph.Length;
                if (characters >= greatestCharacters)
                {
                    Add(domain, gathered);
                    return documents;
                }
            }

            Add(domain, gathered);
        }

        return documents.Count > 0 ? documents : throw new FileNotFoundException(path is null
            ? "no documentation of the .NET SDK was found on this machine (packs/*.Ref/*/ref/*/*.xml): name text files with --corpus"
            : $"--corpus '{path}' holds no text: .txt, .md, .gz or documentation .xml expected");

        void Add(string domain, List<string> paragraphs)
        {
            if (paragraphs.Count > 0)
            {
                documents.Add(new(domain, paragraphs));
            }
        }
    }

    /// <summary>Writes documents as one gzipped text that <see cref="Read"/> takes back, for a host without an SDK.</summary>
    public static void Write(IEnumerable<TextDocument> documents, string file)
    {
        ArgumentNullException.ThrowIfNull(documents);
        using var writer = new StreamWriter(new GZipStream(File.Create(file), CompressionLevel.SmallestSize));
        writer.NewLine = "\n";
        foreach (var document in documents)
        {
            writer.WriteLine("## " + document.Domain);
            foreach (var paragraph in document.Paragraphs)
            {
                writer.WriteLine(paragraph);
            }
        }
    }

    private static bool IsText(string file) => Path.GetExtension(file).ToLowerInvariant() is ".txt" or ".md" or ".xml" or ".gz";

    private static IEnumerable<string> Paragraphs(string file)
    {
        if (Path.GetExtension(file).Equals(".xml", StringComparison.OrdinalIgnoreCase))
        {
            foreach (var paragraph in DocumentationXml.Read(file))
            {
                yield return paragraph;
            }

            yield break;
        }

        using var stream = File.OpenRead(file);
        using Stream plain = Path.GetExtension(file).Equals(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
        using var reader = new StreamReader(plain);
        while (reader.ReadLine() is { } line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return line.Trim();
            }
        }
    }
}

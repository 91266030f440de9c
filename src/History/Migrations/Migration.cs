using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace EnergyTTT.History.Migrations;

/// <summary>One numbered step of the schema. Equality is by all members.</summary>
/// <param name="Number">1 to 9999; steps run in this order, and a number is never reused.</param>
/// <param name="Name">What the step does, as in its file name <c>NNNN_name.sql</c>.</param>
/// <param name="Sql">One or more statements, run in one transaction.</param>
public sealed record Migration(int Number, string Name, string Sql)
{
    /// <summary>SHA-256 of the text in lower-case hexadecimal; line ends do not count, so that a checkout on another system stays the same file.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>The file name, such as <c>0001_orleans.sql</c>.</summary>
    public string File => $"{Number:0000}_{Name}.sql";

    /// <summary>The steps that are built into this program (<c>db/migrations</c>), by number.</summary>
    public static ImmutableArray<Migration> BuiltIn { get; } = ReadResources(typeof(Migration).Assembly);

    /// <summary>Reads a step from its file name and text.</summary>
    /// <exception cref="FormatException">The name is not of the form <c>NNNN_name.sql</c>.</exception>
    public static Migration FromFile(string file, string sql)
    {
        var stem = file.EndsWith(".sql", StringComparison.Ordinal) ? file[..^4] : file;
        var cut = stem.IndexOf('_', StringComparison.Ordinal);
        if (cut != 4 || cut == stem.Length - 1 || !int.TryParse(stem[..cut], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
        {
            throw new FormatException($"'{file}' is no name of a migration: four digits from 0001 on, '_' and what it does expected, such as 0001_orleans.sql.");
        }

        return new Migration(number, stem[(cut + 1)..], sql);
    }

    private static ImmutableArray<Migration> ReadResources(Assembly assembly)
    {
        const string Folder = "migrations/";
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name =>
            {
                // The name comes from the assembly's own list, so the stream exists.
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return FromFile(name[Folder.Length..], reader.ReadToEnd());
            })
            .OrderBy(migration => migration.Number)];
    }
}

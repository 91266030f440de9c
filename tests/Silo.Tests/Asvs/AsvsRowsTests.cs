using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace EnergyTTT.Silo.Tests.Asvs;

/// <summary>The rows of OWASP ASVS 5.0 that docs/threat-model.md lists are the rows that tests name: no claim without a test, no test of a row that is not claimed.</summary>
public sealed partial class AsvsRowsTests
{
    [Fact]
    public void Every_row_that_the_threat_model_lists_is_named_by_a_test_and_every_row_that_a_test_names_is_listed()
    {
        var root = Root();
        var page = File.ReadAllText(Path.Combine(root, "docs", "threat-model.md"));
        var table = page[page.IndexOf("## Rows of OWASP ASVS", StringComparison.Ordinal)..];
        var listed = TableRow().Matches(table).Select(match => match.Groups[1].Value).ToList();

        // Only names of tests and rows given to them count, not what a comment says.
        var named = Directory.EnumerateFiles(Path.Combine(root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(file => File.ReadLines(file))
            .Where(line => Declaration().IsMatch(line))
            .SelectMany(line => Row().Matches(line).Select(match => match.Groups[1].Value.Replace('_', '.')))
            .ToHashSet(StringComparer.Ordinal);

        Assert.True(listed.Count > 40, $"the table holds {listed.Count.ToString(CultureInfo.InvariantCulture)} rows");
        Assert.Equal(listed.Count, listed.Distinct().Count());
        Assert.Equal("", string.Join(", ", listed.Except(named).Order(StringComparer.Ordinal)));
        Assert.Equal("", string.Join(", ", named.Except(listed).Order(StringComparer.Ordinal)));
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EnergyTTT.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The repository's root was not found above " + AppContext.BaseDirectory);
    }

    [GeneratedRegex(@"^\| V(\d+\.\d+\.\d+) \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"public (async )?(Task|void) |\[InlineData\(""V\d")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"(?<![A-Za-z0-9])V(\d+[._]\d+[._]\d+)(?![0-9])")]
    private static partial Regex Row();
}

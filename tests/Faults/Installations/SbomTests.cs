using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Xunit;

namespace EnergyTTT.Faults.Installations;

/// <summary>The list of what the product is made of says what is shipped, and nothing else.</summary>
public sealed class SbomTests
{
    [Fact]
    public async Task It_lists_what_is_shipped_with_versions_hashes_and_licences_and_is_the_same_each_time()
    {
        var root = Repository.Root;
        var text = await Write(root);
        var components = JsonNode.Parse(text)!["components"]!.AsArray().ToDictionary(component => (string)component!["name"]!, component => component!);
        var npgsql = XDocument.Load(Path.Combine(root, "Directory.Packages.props")).Descendants("PackageVersion").Single(package => (string)package.Attribute("Include")! == "Npgsql").Attribute("Version")!.Value;

        Assert.Equal(npgsql, (string)components["Npgsql"]["version"]!);
        Assert.Equal("pkg:nuget/Npgsql@" + npgsql, (string)components["Npgsql"]["purl"]!);
        Assert.Contains("libtorch-cpu-linux-x64", components.Keys);
        Assert.Contains("uplot", components.Keys);
        Assert.All(components.Values, component => Assert.NotNull(component["hashes"]));
        Assert.DoesNotContain(components.Keys, name => name.StartsWith("xunit", StringComparison.OrdinalIgnoreCase) || name.Contains("BannedApi", StringComparison.Ordinal));
        Assert.Equal(text, await Write(root));
    }

    private static async Task<string> Write(string root)
    {
        using var process = Process.Start(new ProcessStartInfo("python3", [Path.Combine(root, "eng", "sbom.py")]) { RedirectStandardOutput = true, WorkingDirectory = root }) ?? throw new InvalidOperationException("python3 cannot be started.");
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return text;
    }
}

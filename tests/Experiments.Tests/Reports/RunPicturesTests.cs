using System.Xml.Linq;
using EnergyTTT.Experiments.Reports;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Tests.Reports;

public class RunPicturesTests
{
    public static TheoryData<string> Bundles => [.. Directory.GetFiles(Path.Combine(Root(), "results"), "*" + RunBundleFile.Extension, SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Root(), file))];

    [Theory]
    [MemberData(nameof(Bundles))]
    public void Every_bundle_of_the_repository_is_whole_and_gives_pictures_that_are_well_formed(string file)
    {
        var bundle = RunBundleFile.Read(File.ReadAllBytes(Path.Combine(Root(), file)));

        var pictures = RunPictures.Of(bundle);

        Assert.Contains(pictures, picture => picture.Name == "energy.svg");
        Assert.Contains(pictures, picture => picture.Name == "differences.svg");
        Assert.All(pictures, picture =>
        {
            var root = XDocument.Parse(picture.Svg).Root!;
            Assert.Equal("svg", root.Name.LocalName);
            Assert.DoesNotContain("NaN", picture.Svg, StringComparison.Ordinal);
        });
        Assert.All(bundle.Arms.Where(arm => arm.JoulesPerToken is not null), arm => Assert.Contains(arm.Name.Replace("&", "&amp;", StringComparison.Ordinal), pictures[0].Svg, StringComparison.Ordinal));
        Assert.All(bundle.Comparisons.Where(c => c.Publishable), c => Assert.True(c.Pairs >= 12 && bundle.Run.Origin == Origin.Measured));
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EnergyTTT.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("EnergyTTT.sln");
        }

        return folder;
    }
}

using System.Xml.Linq;
using Xunit;

namespace EnergyTTT.Architecture.Tests;

/// <summary>
/// Holds the arrows of docs/architecture.md. Project references say what a room may compile against; assembly references say what it
/// really uses, transitive roads included.
/// </summary>
public sealed class RoomTests
{
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        ["Wire"] = [],
        ["Contracts"] = ["Wire"],
        ["Selection"] = [],
        ["Routing"] = ["Wire", "Selection"],
        ["Evidence"] = ["Wire"],
        ["Telemetry"] = ["Wire"],
        ["History"] = ["Wire", "Evidence"],
        ["Grains"] = ["Wire", "Contracts", "Routing", "Selection", "Evidence", "History"],
        ["Portal"] = ["Wire", "Contracts", "Evidence", "History"],
        ["Silo"] = ["Wire", "Contracts", "Grains", "History", "Portal", "Telemetry", "Evidence", "Routing", "Selection", "Client", "Simulation"],
        ["Agent"] = ["Wire", "Telemetry"],
        ["Client"] = ["Wire", "Selection"],
        ["Simulation"] = ["Wire", "Selection", "Client", "Routing", "Telemetry"],
        ["Experiments"] = ["Wire", "Selection", "Routing", "Evidence", "Telemetry"],
        ["Cli"] = ["Wire", "Experiments", "Selection", "Client", "Routing", "Simulation", "Evidence", "Telemetry", "History"],
    };

    /// <summary>Packages that shape a room by their absence: prefix of the assembly, and the rooms that may touch it.</summary>
    private static readonly Dictionary<string, string[]> OnlyIn = new()
    {
        ["TorchSharp"] = ["Routing", "Experiments", "Cli"],
        ["Npgsql"] = ["History", "Silo", "Cli"],
        ["Orleans"] = ["Contracts", "Grains", "Silo", "Portal"],
        ["MudBlazor"] = ["Portal"],
        ["Microsoft.EntityFrameworkCore"] = ["History", "Portal", "Silo"],
    };

    private static string Root { get; } = FindRoot();

    public static TheoryData<string> Rooms => [.. RoomNames];

    private static IEnumerable<string> RoomNames => Directory.GetDirectories(Path.Combine(Root, "src")).Select(path => Path.GetFileName(path)!).Order();

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_knows_only_the_rooms_that_the_architecture_allows(string room)
    {
        Assert.True(MayKnow.ContainsKey(room), $"{room} is a new room: add it to docs/architecture.md and to this test.");
        var project = XDocument.Load(Path.Combine(Root, "src", room, room + ".csproj"));

        var declared = project.Descendants("ProjectReference")
            .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
        var used = References(room).Where(name => name.StartsWith("EnergyTTT.", StringComparison.Ordinal)).Select(name => name["EnergyTTT.".Length..]);

        Assert.Empty(declared.Union(used).Except(MayKnow[room]).Order());
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_heavy_package_stays_in_the_rooms_that_need_it(string room)
    {
        var references = References(room);

        var trespassers = OnlyIn.Where(rule => !rule.Value.Contains(room))
            .SelectMany(rule => references.Where(name => name == rule.Key || name.StartsWith(rule.Key + ".", StringComparison.Ordinal)));

        Assert.Empty(trespassers);
    }

    [Fact]
    public void Every_room_is_in_the_solution_and_on_the_architecture_page()
    {
        var solution = File.ReadAllText(Path.Combine(Root, "EnergyTTT.sln"));
        var page = File.ReadAllText(Path.Combine(Root, "docs", "architecture.md"));

        Assert.All(RoomNames, room =>
        {
            Assert.Contains($"{room}.csproj", solution, StringComparison.Ordinal);
            Assert.Contains($"| `{room}` |", page, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void No_file_names_what_lies_outside_the_project()
    {
        string[] foreign = ["/wo" + "rk/", "../sha" + "red", "registry.npm" + "js", "api.nuget" + ".org"];
        string[] kinds = [".cs", ".razor", ".csproj", ".props", ".targets", ".sh", ".md", ".sql", ".json", ".js", ".yml", ".yaml", ".py", ".c", ".npmrc"];
        var offenders = Directory.EnumerateFiles(Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(path => kinds.Contains(Path.GetExtension(path)) && !IsBuildOutput(Path.GetRelativePath(Root, path)))
            .Where(path => foreign.Any(text => File.ReadAllText(path).Contains(text, StringComparison.Ordinal)));

        Assert.Empty(offenders.Select(path => Path.GetRelativePath(Root, path)));
    }

    private static bool IsBuildOutput(string path) =>
        path.Split('/').Any(part => part is "bin" or "obj" or "node_modules" or "artifacts" or ".git" or "carry" or "TestResults");

    private static string[] References(string room)
    {
        var name = room switch { "Agent" => "energyttt-agent", "Cli" => "energyttt", _ => "EnergyTTT." + room };
        using var context = new System.Reflection.MetadataLoadContext(new System.Reflection.PathAssemblyResolver(
            Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Concat(Directory.EnumerateFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "*.dll"))
                .DistinctBy(Path.GetFileName)));
        return [.. context.LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, name + ".dll")).GetReferencedAssemblies().Select(reference => reference.Name!)];
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EnergyTTT.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("EnergyTTT.sln was not found above " + AppContext.BaseDirectory);
    }
}

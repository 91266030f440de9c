using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace EnergyTTT.Silo.Tests.Docs;

/// <summary>The dashboard and the alerting rules ask for metrics that the server has: one that is renamed is renamed there too.</summary>
public sealed partial class EcosystemTests
{
    private static readonly string Root = FindRoot();

    [Fact]
    public void Every_metric_of_the_dashboard_and_of_the_alerts_is_one_that_the_server_serves()
    {
        var served = Served();
        var dashboard = JsonNode.Parse(File.ReadAllText(Path.Combine(Root, "docs", "ecosystem", "grafana-dashboard.json")))!;
        List<string> queries = [.. dashboard["panels"]!.AsArray().SelectMany(panel => panel!["targets"]!.AsArray()).Select(target => (string)target!["expr"]!)];
        queries.AddRange(dashboard["templating"]!["list"]!.AsArray().Select(variable => (string)variable!["query"]!));
        queries.AddRange(Expression().Matches(File.ReadAllText(Path.Combine(Root, "docs", "ecosystem", "prometheus-alerts.yaml"))).Select(match => match.Groups[1].Value));

        var asked = queries.SelectMany(query => Name().Matches(query)).Select(match => match.Value).Except(["hw_sensor_location", "hw_gpu_task", "hw_state", "hw_id"]).Distinct().Order().ToList();

        Assert.True(served.Count > 30, $"only {served.Count} metrics were found in the source");
        Assert.True(asked.Count >= 15, $"only {asked.Count} metrics are asked for");
        Assert.Equal([], asked.Where(name => !served.Contains(name)));
    }

    private static HashSet<string> Served()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in new[] { "Silo", "Grains" }.SelectMany(room => Directory.EnumerateFiles(Path.Combine(Root, "src", room), "*.cs", SearchOption.AllDirectories)).Where(file => !file.Contains("/obj/", StringComparison.Ordinal)))
        {
            var source = File.ReadAllText(file);
            foreach (Match family in Family().Matches(source))
            {
                names.Add(family.Groups[1].Value + (family.Groups[2].Value == "counter" ? "_total" : ""));
            }

            foreach (Match instrument in Instrument().Matches(source))
            {
                var unit = instrument.Groups[3].Value switch { "J" => "_joules", "s" => "_seconds", _ => "" };
                names.Add(instrument.Groups[2].Value.Replace('.', '_') + unit + (instrument.Groups[1].Value == "Gauge" ? "" : "_total"));
            }
        }

        return names;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EnergyTTT.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The repository's root was not found above " + AppContext.BaseDirectory);
    }

    [GeneratedRegex("Family\\((?:page, \\w+, )?\"([a-z_]+)\", \"(counter|gauge)\"")]
    private static partial Regex Family();

    [GeneratedRegex("Create(Counter|Histogram|Gauge)<\\w+>\\(\\s*\"([^\"]+)\", \"([^\"]*)\"")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"\b(?:hw|energyttt)_[a-z_]+\b")]
    private static partial Regex Name();

    [GeneratedRegex("^ +expr: (.+)$", RegexOptions.Multiline)]
    private static partial Regex Expression();
}

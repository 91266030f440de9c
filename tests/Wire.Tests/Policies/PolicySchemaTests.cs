using System.Text.Json.Nodes;
using EnergyTTT.Wire.Policies;
using Xunit;

namespace EnergyTTT.Wire.Tests.Policies;

/// <summary>docs/policy.schema.json is what <c>energyttt policy schema</c> prints. <c>ENERGYTTT_WRITE_DOCS=1</c> writes it anew.</summary>
public sealed class PolicySchemaTests
{
    [Fact]
    public void The_file_in_the_repository_is_the_schema_of_this_catalogue()
    {
        var path = Path.Combine(Root(), "docs", "policy.schema.json");
        if (Environment.GetEnvironmentVariable("ENERGYTTT_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, PolicySchema.Text);
        }

        Assert.Equal(PolicySchema.Text, File.ReadAllText(path));
    }

    [Fact]
    public void Every_field_has_the_bounds_words_and_default_of_the_catalogue()
    {
        var properties = JsonNode.Parse(PolicySchema.Text)!["properties"]!.AsObject();

        Assert.Equal(PolicyCatalogue.Fields.Select(field => field.Name), properties.Select(pair => pair.Key));
        foreach (var field in PolicyCatalogue.Fields)
        {
            var property = properties[field.Name]!;
            Assert.Equal((field.Minimum, field.Maximum), ((double?)property["minimum"], (double?)property["maximum"]));
            Assert.Equal(field.Choices is ["true", "false"] ? [] : field.Choices, property["enum"]?.AsArray().Select(word => (string)word!) ?? []);
            Assert.Equal(field.IsNumber, (string?)property["type"] is "number" or "integer");
            Assert.Contains(field.Meaning, (string)property["description"]!, StringComparison.Ordinal);
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "EnergyTTT.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The repository is not above the tests.");
        }

        return folder.FullName;
    }
}

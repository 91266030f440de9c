using System.Collections.Immutable;
using System.Text.Json.Nodes;
using EnergyTTT.Wire.Policies;
using Spectre.Console;

namespace EnergyTTT.Cli.Policies;

/// <summary>How the commands of policies print what a server answered: as it is with <c>--json</c>, else for people.</summary>
internal static class PolicyOutput
{
    /// <summary>Prints an answer; 0, so that a command may end with it.</summary>
    public static int Print(bool json, JsonNode answer, Action people)
    {
        if (json)
        {
            Console.WriteLine(answer.ToJsonString());
        }
        else
        {
            people();
        }

        return 0;
    }

    /// <summary>What differs between two documents.</summary>
    public static void Changes(IReadOnlyCollection<PolicyFieldChange> changes, string before, string after)
    {
        if (changes.Count == 0)
        {
            Console.WriteLine("Nothing differs.");
            return;
        }

        Table(["field", before, after], changes.Select(change => new[] { change.Field, change.Before ?? "inherited", change.After ?? "inherited" }));
    }

    /// <summary>The changes of an answer.</summary>
    public static ImmutableArray<PolicyFieldChange> ChangesOf(JsonNode answer) =>
        [.. answer["changes"]!.AsArray().Select(change => new PolicyFieldChange((string)change!["field"]!, (string?)change["before"], (string?)change["after"]))]; // the server names the field

    /// <summary>Whether a change waits for a second person, and what to say of it then.</summary>
    public static string? Waits(JsonNode answer) => answer["expires_at"] is { } until
        ? $"Proposal {answer["id"]} waits until {(DateTimeOffset)until:u} for another person: energyttt policy approve {answer["id"]}"
        : null;

    /// <summary>A table.</summary>
    public static void Table(string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table().AddColumns([.. columns.Select(Markup.Escape)]);
        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        AnsiConsole.Write(table);
    }
}

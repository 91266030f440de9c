using System.CommandLine;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Cli.Users;
using Spectre.Console;

namespace EnergyTTT.Cli.Sessions;

/// <summary><c>energyttt sessions list|end</c>: the sign-ins of a person, with an administrator's key.</summary>
internal static class SessionsCommand
{
    private static readonly string[] Columns = ["method", "started", "seen", "ends", "address", "agent"];

    public static Command Create() => new("sessions", "Sign-ins of people, which can be ended.") { Sessions("list", "Live sessions of a person, newest first.", HttpMethod.Get, Print), Sessions("end", "End all sessions of a person everywhere, live pages too, within half a minute.", HttpMethod.Delete, (_, name) => Console.WriteLine($"The sessions of {name} have ended")) };

    private static Command Sessions(string verb, string description, HttpMethod method, Action<JsonNode, string> people)
    {
        var options = new ServerOptions();
        var name = new Argument<string>("name") { Description = "The user name." };
        var command = options.AddTo(new Command(verb, description) { name });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            var user = parse.GetValue(name)!; // an argument without a default is required
            if (await UserLookup.Find(client, user, cancellationToken) is not { } id)
            {
                return 1;
            }

            using var request = new HttpRequestMessage(method, $"/v1/users/{id}/sessions");
            if (await ServerAnswer.Ask(client, request, cancellationToken) is not { } answer)
            {
                return 1;
            }

            if (parse.GetValue(options.Json))
            {
                Console.WriteLine(answer.ToJsonString());
            }
            else
            {
                people(answer, user);
            }

            return 0;
        });
        return command;
    }

    private static void Print(JsonNode answer, string name)
    {
        var table = new Table().AddColumns(Columns);
        foreach (var session in answer["sessions"]?.AsArray() ?? [])
        {
            table.AddRow([.. Columns.Select(field => Markup.Escape(session?[field]?.ToString() ?? ""))]);
        }

        AnsiConsole.Write(table);
    }
}

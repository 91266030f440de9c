using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;
using EnergyTTT.History.Access;
using Spectre.Console;

namespace EnergyTTT.Cli.Users;

/// <summary><c>energyttt users list|create|invite|change|remove</c>: people who sign in to the portal, with an administrator's key.</summary>
internal static class UsersCommand
{
    /// <summary>The variable that holds a password, so that it stands neither in the list of processes nor in the shell's history.</summary>
    public const string PasswordVariable = "ENERGYTTT_PASSWORD";

    private static readonly string[] Columns = ["user_name", "role", "display_name", "created", "two_factor_enabled", "locked_until"];

    public static Command Create() => new("users", "People who sign in to the portal, and their roles.") { List(), Make(), Invite(), Change(), Remove() };

    private static Command List()
    {
        var options = new ServerOptions();
        var command = options.AddTo(new Command("list", "All people, by user name."));
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            if (await UserLookup.All(client, cancellationToken) is not { } users)
            {
                return 1;
            }

            if (parse.GetValue(options.Json))
            {
                Console.WriteLine(users.ToJsonString());
                return 0;
            }

            var table = new Table().AddColumns(Columns);
            foreach (var user in users)
            {
                table.AddRow([.. Columns.Select(field => Markup.Escape(user?[field]?.ToString() ?? ""))]);
            }

            AnsiConsole.Write(table);
            return 0;
        });
        return command;
    }

    private static Command Make()
    {
        var options = new ServerOptions();
        var name = new Argument<string>("name") { Description = "The name to sign in with." };
        var role = Role();
        role.Required = true;
        var command = options.AddTo(new Command("create", $"Make an account; its password is read from {PasswordVariable} or asked for.") { name, role });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/users");
            request.Content = JsonContent.Create(new { user_name = parse.GetValue(name), role = parse.GetValue(role), password = Password() });
            return Say(parse, options, await ServerAnswer.Ask(client, request, cancellationToken), $"{parse.GetValue(name)} may sign in");
        });
        return command;
    }

    private static Command Invite()
    {
        var options = new ServerOptions();
        var name = new Argument<string>("name") { Description = "The name to sign in with." };
        var role = Role();
        var scopes = new Option<string[]>("--scope") { Description = "Bind a new operator to this scope, such as deployment/qwen; may be given several times.", DefaultValueFactory = _ => [] };
        var command = options.AddTo(new Command("invite", "Make a one-time link with which a person chooses a password: a new person (with --role), or one who lost theirs.") { name, role, scopes });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            if (await UserLookup.All(client, cancellationToken) is not { } users)
            {
                return 1;
            }

            var known = UserLookup.IdOf(users, parse.GetValue(name)!); // an argument without a default is required
            if (known is null && parse.GetValue(role) is null)
            {
                await Console.Error.WriteLineAsync($"Nobody has the user name '{parse.GetValue(name)}'; give --role to make an account.");
                return 2;
            }

            using var request = new HttpRequestMessage(HttpMethod.Post, known is null ? "/v1/users" : $"/v1/users/{known}/invitation");
            request.Content = known is null ? JsonContent.Create(new { user_name = parse.GetValue(name), role = parse.GetValue(role), scopes = parse.GetValue(scopes) }) : null;
            var answer = await ServerAnswer.Ask(client, request, cancellationToken);
            return Say(parse, options, answer, $"Give this link to {parse.GetValue(name)}; it works once, for three days: {answer?["link"] ?? answer?["invitation"]}");
        });
        return command;
    }

    private static Command Change()
    {
        var options = new ServerOptions();
        var name = new Argument<string>("name") { Description = "The user name." };
        var role = Role();
        var password = new Option<bool>("--password") { Description = $"Set a new password, read from {PasswordVariable} or asked for." };
        var locked = new Option<bool?>("--locked") { Description = "true keeps the person out until it is false again." };
        var command = options.AddTo(new Command("change", "Give another role or password, lock or unlock; open sessions end within half a minute.") { name, role, password, locked });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            if (await UserLookup.Find(client, parse.GetValue(name)!, cancellationToken) is not { } id) // an argument without a default is required
            {
                return 1;
            }

            using var request = new HttpRequestMessage(HttpMethod.Patch, "/v1/users/" + id);
            request.Content = JsonContent.Create(new { role = parse.GetValue(role), password = parse.GetValue(password) ? Password() : null, locked = parse.GetValue(locked) });
            return Say(parse, options, await ServerAnswer.Ask(client, request, cancellationToken), $"{parse.GetValue(name)} is changed");
        });
        return command;
    }

    private static Command Remove()
    {
        var options = new ServerOptions();
        var name = new Argument<string>("name") { Description = "The user name." };
        var command = options.AddTo(new Command("remove", "Remove a person; open sessions end within half a minute.") { name });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            if (await UserLookup.Find(client, parse.GetValue(name)!, cancellationToken) is not { } id) // an argument without a default is required
            {
                return 1;
            }

            using var request = new HttpRequestMessage(HttpMethod.Delete, "/v1/users/" + id);
            return Say(parse, options, await ServerAnswer.Ask(client, request, cancellationToken), $"{parse.GetValue(name)} is removed");
        });
        return command;
    }

    private static Option<string?> Role()
    {
        var role = new Option<string?>("--role") { Description = "viewer looks, operator acts, administrator also manages people and keys." };
        role.AcceptOnlyFromAmong([.. PersonRoles.All]);
        return role;
    }

    private static int Say(ParseResult parse, ServerOptions options, JsonNode? answer, string sentence)
    {
        if (answer is null)
        {
            return 1;
        }

        Console.WriteLine(parse.GetValue(options.Json) ? answer.ToJsonString() : sentence);
        return 0;
    }

    private static string Password() => Environment.GetEnvironmentVariable(PasswordVariable) is { Length: > 0 } given
        ? given
        : Console.IsInputRedirected ? Console.ReadLine() ?? "" : AnsiConsole.Prompt(new TextPrompt<string>("Password:").Secret());
}

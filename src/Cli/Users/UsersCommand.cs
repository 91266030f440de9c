using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;
using Spectre.Console;

namespace EnergyTTT.Cli.Users;

/// <summary><c>energyttt users list|create|change|remove</c>: people who sign in to the portal, with an administrator's key.</summary>
internal static class UsersCommand
{
    /// <summary>The variable that holds a password, so that it stands neither in the list of processes nor in the shell's history.</summary>
    public const string PasswordVariable = "ENERGYTTT_PASSWORD";

    private static readonly string[] Roles = ["viewer", "operator", "administrator"];
    private static readonly string[] Columns = ["user_name", "role", "display_name", "created", "two_factor_enabled", "locked_until"];

    public static Command Create() => new("users", "People who sign in to the portal, and their roles.") { List(), Make(), Change(), Remove() };

    private static Command List()
    {
        var options = new ServerOptions();
        var command = options.AddTo(new Command("list", "All people, by user name."));
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            if (await All(client, cancellationToken) is not { } users)
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
            if (await Find(client, parse.GetValue(name)!, cancellationToken) is not { } id) // an argument without a default is required
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
            if (await Find(client, parse.GetValue(name)!, cancellationToken) is not { } id) // an argument without a default is required
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
        role.AcceptOnlyFromAmong(Roles);
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

    private static async Task<string?> Find(HttpClient client, string name, CancellationToken cancellationToken)
    {
        if (await All(client, cancellationToken) is not { } users)
        {
            return null;
        }

        if (users.FirstOrDefault(user => string.Equals((string?)user?["user_name"], name, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return (string?)found["id"];
        }

        await Console.Error.WriteLineAsync($"Nobody has the user name '{name}'; 'energyttt users list' shows who there is.");
        return null;
    }

    private static async Task<JsonArray?> All(HttpClient client, CancellationToken cancellationToken)
    {
        var all = new JsonArray();
        for (var cursor = ""; cursor is not null;)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/users?limit=1000" + (cursor.Length > 0 ? "&cursor=" + Uri.EscapeDataString(cursor) : ""));
            if (await ServerAnswer.Ask(client, request, cancellationToken) is not { } page)
            {
                return null;
            }

            foreach (var user in page["users"]?.AsArray() ?? [])
            {
                all.Add(user?.DeepClone());
            }

            cursor = (string?)page["cursor"];
        }

        return all;
    }

    private static string Password() => Environment.GetEnvironmentVariable(PasswordVariable) is { Length: > 0 } given
        ? given
        : Console.IsInputRedirected ? Console.ReadLine() ?? "" : AnsiConsole.Prompt(new TextPrompt<string>("Password:").Secret());
}

using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;
using EnergyTTT.History.Access;
using EnergyTTT.Wire.Access;
using Spectre.Console;

namespace EnergyTTT.Cli.Keys;

/// <summary><c>energyttt keys create|list|rotate|revoke</c>: API keys, through the data folder of this machine (<c>--local</c>) or against a server.</summary>
internal static class KeysCommand
{
    private static readonly string[] Columns = ["id", "role", "owner", "hosts", "created", "revoked"];
    private static readonly JsonSerializerOptions Shown = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create() => new("keys", "API keys of machines, and personal keys.") { CreateKey(), ListKeys(), RotateKey(), RevokeKey() };

    private static Option<bool> Local() => new("--local") { Description = "Work through the data folder of this machine, without a server or a sign-in." };

    private static Command CreateKey()
    {
        var options = new ServerOptions();
        var local = Local();
        var role = new Option<string>("--role") { Description = "What the key may do.", Required = true };
        role.AcceptOnlyFromAmong([.. ApiKeyRoles.All]);
        var owner = new Option<string?>("--owner") { Description = "Who owns it; an owner has at most two live keys." };
        var hosts = new Option<string[]>("--host") { Description = "Bind it to this host; may be given several times.", DefaultValueFactory = _ => [] };
        var deployments = new Option<string[]>("--deployment") { Description = "Bind it to this deployment; may be given several times.", DefaultValueFactory = _ => [] };
        var days = new Option<double?>("--days") { Description = "Days after which it ends by itself." };
        var command = options.AddTo(new Command("create", "Make a key; it is shown this once.") { local, role, owner, hosts, deployments, days });
        command.SetAction((parse, cancellationToken) => Guarded.Run(async () =>
        {
            DateTimeOffset? expires = parse.GetValue(days) is { } count ? TimeProvider.System.GetUtcNow().AddDays(count) : null;
            JsonNode? made;
            if (parse.GetValue(local))
            {
                await using var database = await LocalDatabase.Open(cancellationToken);
                var request = new ApiKeyRequest(parse.GetValue(role)!, parse.GetValue(owner), [.. parse.GetValue(hosts)!], [.. parse.GetValue(deployments)!], Actors.Cli, expires);
                var (info, secret) = await new ApiKeys(database.Source, TimeProvider.System).Create(request, cancellationToken);
                made = new JsonObject { ["id"] = info.Id, ["key"] = secret.Text };
            }
            else
            {
                using var client = options.Open(parse);
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/keys");
                request.Content = JsonContent.Create(new
                {
                    role = parse.GetValue(role),
                    owner = parse.GetValue(owner),
                    hosts = parse.GetValue(hosts),
                    deployments = parse.GetValue(deployments),
                    expires,
                });
                made = await ServerAnswer.Ask(client, request, cancellationToken);
            }

            if (made is null)
            {
                return 1;
            }

            return Show(parse, options, made);
        }));
        return command;
    }

    private static Command RotateKey()
    {
        var options = new ServerOptions();
        var local = Local();
        var id = new Argument<string>("id") { Description = "The key's id." };
        var hours = new Option<double>("--hours") { Description = "How long the old key still works, 0 to 720.", DefaultValueFactory = _ => 24 };
        var command = options.AddTo(new Command("rotate", "Make a successor for the same use, shown this once; the old key ends after a while.") { id, hours, local });
        command.SetAction((parse, cancellationToken) => Guarded.Run(async () =>
        {
            var (named, grace) = (parse.GetValue(id)!, parse.GetValue(hours)); // an argument without a default is required
            if (grace is not (>= 0 and <= 720))
            {
                await Console.Error.WriteLineAsync(FormattableString.Invariant($"--hours is {grace}; 0 to 720 expected."));
                return 2;
            }

            JsonNode? made;
            if (parse.GetValue(local))
            {
                await using var database = await LocalDatabase.Open(cancellationToken);
                made = await new ApiKeys(database.Source, TimeProvider.System).Rotate(named, TimeSpan.FromHours(grace), Actors.Cli, cancellationToken) is var (info, secret) ? new JsonObject { ["id"] = info.Id, ["key"] = secret.Text } : null;
                if (made is null)
                {
                    await Console.Error.WriteLineAsync($"No live key has the id '{named}'; 'energyttt keys list --local' shows them.");
                }
            }
            else
            {
                using var client = options.Open(parse);
                using var request = new HttpRequestMessage(HttpMethod.Post, FormattableString.Invariant($"/v1/keys/{Uri.EscapeDataString(named)}/rotate?hours={grace}"));
                made = await ServerAnswer.Ask(client, request, cancellationToken);
            }

            return made is null ? 1 : Show(parse, options, made);
        }));
        return command;
    }

    private static int Show(ParseResult parse, ServerOptions options, JsonNode made)
    {
        Console.WriteLine(parse.GetValue(options.Json) ? made.ToJsonString() : $"id  {made["id"]}{Environment.NewLine}key {made["key"]}");
        return 0;
    }

    private static Command ListKeys()
    {
        var options = new ServerOptions();
        var local = Local();
        var command = options.AddTo(new Command("list", "All keys, newest first; never their secrets.") { local });
        command.SetAction((parse, cancellationToken) => Guarded.Run(async () =>
        {
            JsonNode? keys;
            if (parse.GetValue(local))
            {
                await using var database = await LocalDatabase.Open(cancellationToken);
                keys = JsonSerializer.SerializeToNode(await new ApiKeys(database.Source, TimeProvider.System).List(cancellationToken), Shown);
            }
            else
            {
                using var client = options.Open(parse);
                using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/keys?limit=1000");
                keys = (await ServerAnswer.Ask(client, request, cancellationToken))?["keys"];
            }

            if (keys is null)
            {
                return 1;
            }

            if (parse.GetValue(options.Json))
            {
                Console.WriteLine(keys.ToJsonString());
                return 0;
            }

            var table = new Table().AddColumns(Columns);
            foreach (var key in keys.AsArray())
            {
                table.AddRow([.. Columns.Select(field => Markup.Escape(key?[field]?.ToString() ?? ""))]);
            }

            AnsiConsole.Write(table);
            return 0;
        }));
        return command;
    }

    private static Command RevokeKey()
    {
        var options = new ServerOptions();
        var local = Local();
        var id = new Argument<string>("id") { Description = "The key's id." };
        var command = options.AddTo(new Command("revoke", "End a key everywhere within 30 seconds.") { id, local });
        command.SetAction((parse, cancellationToken) => Guarded.Run(async () =>
        {
            var named = parse.GetValue(id)!; // an argument without a default is required
            bool done;
            if (parse.GetValue(local))
            {
                await using var database = await LocalDatabase.Open(cancellationToken);
                done = await new ApiKeys(database.Source, TimeProvider.System).Revoke(named, Actors.Cli, cancellationToken);
                if (!done)
                {
                    await Console.Error.WriteLineAsync($"No key has the id '{named}'; 'energyttt keys list --local' shows them.");
                }
            }
            else
            {
                using var client = options.Open(parse);
                using var request = new HttpRequestMessage(HttpMethod.Delete, "/v1/keys/" + Uri.EscapeDataString(named));
                done = await ServerAnswer.Ask(client, request, cancellationToken) is not null;
            }

            if (done)
            {
                Console.WriteLine(parse.GetValue(options.Json) ? new JsonObject { ["id"] = named, ["revoked"] = true }.ToJsonString() : $"{named} is revoked");
            }

            return done ? 0 : 1;
        }));
        return command;
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Cli.Policies;

/// <summary><c>energyttt policy scopes|get|set|diff|history|restore|schema|backtest|rollout|rollback|proposals|proposal|approve|reject|withdraw</c>: policies as code.</summary>
internal static class PolicyCommand
{
    public static Command Create()
    {
        var command = new Command("policy", "Policies by scope: read, change, compare, restore.") { Scopes(), Get(), Set(), Diff(), History(), Restore(), Schema(), BacktestCommand.Create(), RolloutCommand.Create(), RolloutCommand.CreateRollback() };
        foreach (var proposal in ProposalCommand.Create())
        {
            command.Add(proposal);
        }

        return command;
    }

    private static Argument<string> Scope() => new("scope") { Description = "fleet, deployment/NAME, site/NAME, rack/NAME or host/NAME.", DefaultValueFactory = _ => PolicyScopes.Fleet };

    private static Option<string?> Reason() => new("--reason", "-r") { Description = "Why; required, so that others can follow the change." };

    private static Option<long?> Expected() => new("--expect") { Description = "The version that you have read; when another one is in force nothing is changed. The file's own version, or the one in force now, when not given." };

    private static Command Scopes()
    {
        var options = new ServerOptions();
        var command = options.AddTo(new Command("scopes", "Every scope that may be set, and what is in force there."));
        command.SetAction((parse, cancellationToken) => Run(options, parse, async server =>
        {
            if (await server.Ask(HttpMethod.Get, "/v1/policies", cancellationToken) is not { } scopes)
            {
                return 1;
            }

            return PolicyOutput.Print(parse.GetValue(options.Json), scopes, () => PolicyOutput.Table(["scope", "version", "fields", "by"], scopes.AsArray().Select(one => new[] { $"{one!["scope"]}", $"{one["version"]}", $"{one["fields_set"]}", $"{one["author"]}" })));
        }));
        return command;
    }

    private static Command Get()
    {
        var options = new ServerOptions();
        var scope = Scope();
        var version = new Option<long?>("--version") { Description = "Another version than the one in force." };
        var effective = new Option<bool>("--effective") { Description = "Every field as it counts there, with the scope that it comes from." };
        var command = options.AddTo(new Command("get", "A policy as YAML (--json for JSON); what it prints, 'set -f' reads.") { scope, version, effective });
        command.SetAction((parse, cancellationToken) => Run(options, parse, async server =>
        {
            var name = parse.GetValue(scope)!; // has a default
            if (parse.GetValue(effective))
            {
                return await server.Ask(HttpMethod.Get, PolicyServer.PathOf(name) + "/effective", cancellationToken) is not { } fields ? 1
                    : PolicyOutput.Print(parse.GetValue(options.Json), fields, () => PolicyOutput.Table(["field", "value", "unit", "from", "version"], fields.AsArray().Select(one => new[] { $"{one!["name"]}", $"{one["value"]}", $"{one["unit"]}", $"{one["from"]}", $"{one["version"]}" })));
            }

            if ((parse.GetValue(version) is { } wanted ? await server.Version(name, wanted, cancellationToken) : await server.Current(name, cancellationToken)) is not { } found)
            {
                return 1;
            }

            Console.Write(parse.GetValue(options.Json) ? JsonSerializer.Serialize(found, WireJson.Default.PolicyVersion) + "\n" : PolicyFile.Write(found));
            return 0;
        }));
        return command;
    }

    private static Command Set()
    {
        var options = new ServerOptions();
        var (scope, reason, expected) = (new Option<string?>("--scope", "-s") { Description = "The scope; the file's own, or the fleet, when not given." }, Reason(), Expected());
        var file = new Option<string?>("--file", "-f") { Description = "A file in YAML or JSON that holds everything that the scope is to set; - reads from the input." };
        var fields = new Argument<string[]>("fields") { Description = "field=value to set, or field= to inherit it again; the other fields stay as they are.", Arity = ArgumentArity.ZeroOrMore };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would change and what is wrong." };
        var command = options.AddTo(new Command("set", "A new version: from a file, or from single fields such as mode=enforce.") { fields, scope, file, reason, expected, dryRun });
        command.SetAction((parse, cancellationToken) => Run(options, parse, async server =>
        {
            var (path, pairs) = (parse.GetValue(file), parse.GetValue(fields) ?? []);
            if (path is null == (pairs.Length == 0))
            {
                await Console.Error.WriteLineAsync("Give either --file or fields such as mode=enforce.");
                return 2;
            }

            var read = path is null ? null : await PolicyFile.Load(path, cancellationToken);
            if (path is not null && read is null)
            {
                return 1;
            }

            var name = parse.GetValue(scope) ?? read?.Scope ?? PolicyScopes.Fleet;
            if (await server.Current(name, cancellationToken) is not { } current)
            {
                return 1;
            }

            var document = read?.Document;
            if (document is null && !Changed(current.Document, pairs, out document))
            {
                return 2;
            }

            var why = parse.GetValue(reason) ?? read?.Reason;
            if (string.IsNullOrWhiteSpace(why) && !parse.GetValue(dryRun))
            {
                await Console.Error.WriteLineAsync("A change needs a reason: --reason \"...\".");
                return 2;
            }

            return await Put(server, name, document, why ?? "", parse.GetValue(expected) ?? read?.Version ?? current.Version, parse.GetValue(dryRun), parse.GetValue(options.Json), cancellationToken);
        }));
        return command;
    }

    private static Command Diff()
    {
        var options = new ServerOptions();
        var (scope, from, to) = (Scope(), new Option<long?>("--from") { Description = "The one version; the one before the other when not given." }, new Option<long?>("--to") { Description = "The other version; the one in force when not given." });
        var command = options.AddTo(new Command("diff", "What changed between two versions of a scope.") { scope, from, to });
        command.SetAction((parse, cancellationToken) => Run(options, parse, async server =>
        {
            var name = parse.GetValue(scope)!; // has a default
            var right = parse.GetValue(to) ?? (await server.Current(name, cancellationToken))?.Version;
            if (right is null)
            {
                return 1;
            }

            var left = parse.GetValue(from)
                ?? (await server.Ask(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{PolicyServer.PathOf(name)}/versions?before={right}&limit=1"), cancellationToken))?["versions"]?.AsArray().Select(one => (long?)one!["version"]).FirstOrDefault() ?? 0;
            return await server.Ask(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{PolicyServer.PathOf(name)}/diff?from={left}&to={right}"), cancellationToken) is not { } diff ? 1
                : PolicyOutput.Print(parse.GetValue(options.Json), diff, () => PolicyOutput.Changes(PolicyOutput.ChangesOf(diff), $"{name}, version {left}", $"version {right}"));
        }));
        return command;
    }

    private static Command History()
    {
        var options = new ServerOptions();
        var scope = Scope();
        var limit = new Option<int>("--limit") { Description = "Versions at most, 1 to 500.", DefaultValueFactory = _ => 20 };
        var command = options.AddTo(new Command("history", "The versions of a scope, newest first: who, when, why.") { scope, limit });
        command.SetAction((parse, cancellationToken) => Run(options, parse, async server =>
            await server.Ask(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{PolicyServer.PathOf(parse.GetValue(scope)!)}/versions?limit={parse.GetValue(limit)}"), cancellationToken) is not { } page ? 1
                : PolicyOutput.Print(parse.GetValue(options.Json), page, () => PolicyOutput.Table(["version", "at", "by", "reason"], page["versions"]!.AsArray().Select(one => new[] { $"{one!["version"]}", $"{(DateTimeOffset)one["created_at"]!:u}", $"{one["author"]}{(one["approved_by"] is { } second ? $", approved by {second}" : "")}", $"{one["reason"]}" })))));
        return command;
    }

    private static Command Restore()
    {
        var options = new ServerOptions();
        var (scope, reason, expected) = (Scope(), Reason(), Expected());
        var version = new Option<long>("--version") { Description = "The version whose contents come back.", Required = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would change." };
        var command = options.AddTo(new Command("restore", "The contents of an earlier version, as a new version.") { scope, version, reason, expected, dryRun });
        command.SetAction((parse, cancellationToken) => Run(options, parse, async server =>
        {
            var name = parse.GetValue(scope)!; // has a default
            if (await server.Current(name, cancellationToken) is not { } current || await server.Version(name, parse.GetValue(version), cancellationToken) is not { } old)
            {
                return 1;
            }

            var why = parse.GetValue(reason) ?? string.Create(CultureInfo.InvariantCulture, $"restored version {old.Version}");
            return await Put(server, name, old.Document, why, parse.GetValue(expected) ?? current.Version, parse.GetValue(dryRun), parse.GetValue(options.Json), cancellationToken);
        }));
        return command;
    }

    private static Command Schema()
    {
        var command = new Command("schema", "The JSON schema of a policy, for an editor that checks while one writes. Needs no server.");
        command.SetAction(_ => Console.Write(PolicySchema.Text));
        return command;
    }

    private static async Task<int> Put(PolicyServer server, string scope, PolicyDocument document, string reason, long expected, bool dryRun, bool json, CancellationToken cancellationToken)
    {
        if (await server.Put(scope, document, reason, expected, dryRun, cancellationToken) is not { } answer)
        {
            return 1;
        }

        if (!dryRun)
        {
            return PolicyOutput.Print(json, answer, () => Console.WriteLine(PolicyOutput.Waits(answer) ?? $"Version {answer["version"]} of {scope} is in force."));
        }

        var mistakes = answer["mistakes"]!.AsArray();
        PolicyOutput.Print(json, answer, () =>
        {
            PolicyOutput.Changes(PolicyOutput.ChangesOf(answer), $"{scope}, version {answer["version"]}", "the draft");
            foreach (var mistake in mistakes)
            {
                Console.WriteLine($"wrong: {mistake!["reason"]}");
            }

            Console.WriteLine("Nothing was saved.");
        });
        return mistakes.Count == 0 ? 0 : 1;
    }

    private static bool Changed(PolicyDocument current, string[] pairs, out PolicyDocument document)
    {
        var texts = PolicyCatalogue.Fields.Where(field => field.Read(current) is not null).ToDictionary(field => field.Name, field => field.Read(current)!, StringComparer.Ordinal); // filtered
        foreach (var pair in pairs.Select(pair => pair.Split('=', 2)))
        {
            if (pair is [var field, ""])
            {
                texts.Remove(field);
            }
            else
            {
                texts[pair[0]] = pair.Length == 2 ? pair[1] : "";
            }
        }

        (document, var mistakes) = PolicyText.Read(texts.Select(pair => (pair.Key, pair.Value)));
        foreach (var mistake in mistakes)
        {
            Console.Error.WriteLine(mistake.Reason);
        }

        return mistakes.IsEmpty;
    }

    private static async Task<int> Run(ServerOptions options, ParseResult parse, Func<PolicyServer, Task<int>> action)
    {
        using var client = options.Open(parse);
        return await action(new PolicyServer(client));
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Files;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Json;
using Spectre.Console;

namespace EnergyTTT.Cli.Alerts;

/// <summary><c>energyttt alerts list|rules|get|set|delete|preview|acknowledge|silence|unsilence|history|deliveries</c>: alerts, and their rules as code.</summary>
internal static class AlertsCommand
{
    public static Command Create() => new("alerts", "What alerts now, and the rules as code.") { List(), Rules(), Get(), Set(), Delete(), Preview(), Acknowledge(), Silence(), Unsilence(), History(), Deliveries() };

    private static Command List()
    {
        var state = new Option<string?>("--state") { Description = "Only these states, with commas: pending, alerting, recovering, no_data, error." };
        return Command("list", "What is not normal, the worst first.", [state], async (ask, parse, json) => await ask(HttpMethod.Get, "/v1/alerts" + (parse.GetValue(state) is { } states ? "?state=" + Uri.EscapeDataString(states) : ""), null, null) is not { } found ? 1
            : Print(json, found, () => Table(["state", "severity", "rule", "thing", "reads", "threshold", "since", "taken on"], found["alerts"]!.AsArray().Select(one => new[]
            {
                $"{one!["state"]}", $"{one["severity"]}", $"{one["rule"]}", $"{one["instance"]}", $"{one["value"]} {one["unit"]}", $"{one["threshold"]}", $"{(DateTimeOffset)one["since"]!:u}", $"{one["acknowledged"]?["by"]}",
            }))));
    }

    private static Command Rules() => Command("rules", "All rules with how they stand.", [], async (ask, _, json) => await ask(HttpMethod.Get, "/v1/alerts/rules", null, null) is not { } rules ? 1
        : Print(json, rules, () => Table(["rule", "state", "severity", "signal", "threshold", "per", "things", "version", "by"], rules.AsArray().Select(one => new[]
        {
            $"{one!["current"]!["name"]}", $"{one["state"]}", $"{one["current"]!["rule"]!["severity"]}", $"{one["current"]!["rule"]!["signal"]}", $"{one["current"]!["rule"]!["comparison"]} {one["current"]!["rule"]!["threshold"]}",
            $"{one["current"]!["rule"]!["per"]}", string.Join(", ", one["counts"]!.AsObject().Select(count => $"{count.Value} {count.Key}")), $"{one["current"]!["version"]}", $"{one["current"]!["author"]}",
        }))));

    private static Command Get()
    {
        var name = new Argument<string?>("rule") { Description = "Its name; all of them when not given.", Arity = ArgumentArity.ZeroOrOne };
        return Command("get", "Rules as YAML (--json for JSON); what it prints, 'set -f' reads.", [name], async (ask, parse, json) =>
        {
            var wanted = parse.GetValue(name);
            var found = await ask(HttpMethod.Get, wanted is null ? "/v1/alerts/rules" : "/v1/alerts/rules/" + Uri.EscapeDataString(wanted), null, null);
            foreach (var view in found is JsonArray all ? all.AsEnumerable() : found is null ? [] : [found])
            {
                var rule = view!["current"]!["rule"]!;
                Console.Write(json ? rule.ToJsonString() + "\n" : $"---\n# Version {view["current"]!["version"]} by {view["current"]!["author"]}\n{Yaml.Write(rule)}");
            }

            return found is null ? 1 : 0;
        });
    }

    private static Command Set()
    {
        var file = new Option<string>("--file", "-f") { Description = "A file in YAML or JSON with one rule or several, with --- between them; - reads from the input.", Required = true };
        var reason = new Option<string>("--reason", "-r") { Description = "Why.", Required = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what the rules would have done in the last 24 hours, or what is wrong with them." };
        return Command("set", "Writes rules from a file: new ones, or new versions of those that differ.", [file, reason, dryRun], async (ask, parse, json) =>
        {
            if (await Load(parse.GetValue(file)!) is not { } rules) // required
            {
                return 1;
            }

            var failed = false;
            foreach (var rule in rules)
            {
                failed |= await (parse.GetValue(dryRun) ? Try(ask, rule, json) : Put(ask, rule, parse.GetValue(reason)!, json)) != 0; // required
            }

            return failed ? 1 : 0;
        });
    }

    private static Command Delete()
    {
        var (name, reason) = (Name(), new Option<string>("--reason", "-r") { Description = "Why.", Required = true });
        return Command("delete", "Deletes a rule; its versions and its history stay.", [name, reason], async (ask, parse, _) =>
        {
            var path = "/v1/alerts/rules/" + Uri.EscapeDataString(parse.GetValue(name)!); // required
            return await ask(HttpMethod.Get, path, null, null) is not { } view || await ask(HttpMethod.Delete, path + "?reason=" + Uri.EscapeDataString(parse.GetValue(reason)!), null, (long)view["current"]!["version"]!) is null ? 1 : Say($"{parse.GetValue(name)} is deleted."); // required
        });
    }

    private static Command Preview()
    {
        var file = new Option<string>("--file", "-f") { Description = "A file in YAML or JSON with one rule or several; - reads from the input.", Required = true };
        return Command("preview", "How often rules would have alerted in the last 24 hours, on recorded data. Nothing is saved.", [file], async (ask, parse, json) =>
        {
            if (await Load(parse.GetValue(file)!) is not { } rules) // required
            {
                return 1;
            }

            var failed = false;
            foreach (var rule in rules)
            {
                failed |= await Try(ask, rule, json) != 0;
            }

            return failed ? 1 : 0;
        });
    }

    private static Command Acknowledge()
    {
        var (rule, thing, comment) = (Name(), new Argument<string>("thing") { Description = "As 'list' names it, such as gpu/GPU-1 or host/h1." }, new Option<string>("--comment", "-c") { Description = "What is being done.", Required = true });
        return Command("acknowledge", "Takes an alert on: it is not told again until it is over.", [rule, thing, comment], async (ask, parse, _) =>
            await ask(HttpMethod.Post, "/v1/alerts/acknowledgements", JsonSerializer.SerializeToNode(new AcknowledgementRequest(parse.GetValue(rule)!, parse.GetValue(thing)!, parse.GetValue(comment)!), WireJson.Default.AcknowledgementRequest), null) is null ? 1 : Say("Taken on.")); // required
    }

    private static Command Silence()
    {
        var conditions = new Argument<string[]>("conditions") { Description = "host=h1, rule!=memory-*; all must hold.", Arity = ArgumentArity.OneOrMore };
        var (hours, reason) = (new Option<double>("--hours") { Description = "How long.", DefaultValueFactory = _ => 4 }, new Option<string>("--reason", "-r") { Description = "Why.", Required = true });
        return Command("silence", "Keeps what fits all conditions from being told.", [conditions, hours, reason], async (ask, parse, json) =>
        {
            var matchers = parse.GetValue(conditions)!.Select(text => (text, matcher: AlertMatcher.Parse(text))).ToList(); // required
            if (matchers.FirstOrDefault(one => one.matcher is null) is { text: { } wrong })
            {
                await Console.Error.WriteLineAsync($"'{wrong}' is no condition; host=h1 or rule!=memory-hot expected.");
                return 2;
            }

            var request = new SilenceRequest([.. matchers.Select(one => one.matcher!)], TimeProvider.System.GetUtcNow().AddHours(parse.GetValue(hours)), parse.GetValue(reason)!); // none is null; required
            return await ask(HttpMethod.Post, "/v1/alerts/silences", JsonSerializer.SerializeToNode(request, WireJson.Default.SilenceRequest), null) is not { } made ? 1 : Print(json, made, () => Console.WriteLine($"Silence {made["id"]} until {request.Until:u}; end it with: energyttt alerts unsilence {made["id"]}"));
        });
    }

    private static Command Unsilence()
    {
        var id = new Argument<Guid>("id") { Description = "As 'silence' printed it." };
        return Command("unsilence", "Ends a silence early.", [id], async (ask, parse, _) => await ask(HttpMethod.Delete, $"/v1/alerts/silences/{parse.GetValue(id)}", null, null) is null ? 1 : Say("Ended."));
    }

    private static Command History()
    {
        var (rule, from) = (new Option<string?>("--rule") { Description = "Only of this rule." }, new Option<string>("--from") { Description = "Since when.", DefaultValueFactory = _ => "now-7d" });
        return Command("history", "Every change of a state, newest first.", [rule, from], async (ask, parse, json) =>
            await ask(HttpMethod.Get, $"/v1/alerts/history?from={Uri.EscapeDataString(parse.GetValue(from)!)}{(parse.GetValue(rule) is { } name ? "&rule=" + Uri.EscapeDataString(name) : "")}", null, null) is not { } page ? 1 // has a default
                : Print(json, page, () => Table(["at", "rule", "thing", "from", "to", "reading"], page["transitions"]!.AsArray().Select(one => new[] { $"{(DateTimeOffset)one!["at"]!:u}", $"{one["rule"]}", $"{one["instance"]}", $"{one["before"]}", $"{one["after"]}", $"{one["value"]}" }))));
    }

    private static Command Deliveries() => Command("deliveries", "Messages with what became of them, newest first.", [], async (ask, _, json) => await ask(HttpMethod.Get, "/v1/alerts/deliveries", null, null) is not { } page ? 1
        : Print(json, page, () => Table(["at", "to", "why", "group", "became", "tries", "error"], page["deliveries"]!.AsArray().Select(one => new[]
        {
            $"{(DateTimeOffset)one!["message"]!["created_at"]!:u}", $"{one["message"]!["contact_point"]}", $"{one["message"]!["kind"]}", $"{one["message"]!["group"]}", $"{one["state"]}", $"{one["attempts"]}", $"{one["last_error"]}",
        }))));

    private static Argument<string> Name() => new("rule") { Description = "The rule's name." };

    private static Command Command(string name, string description, Symbol[] symbols, Func<Asker, ParseResult, bool, Task<int>> act)
    {
        var options = new ServerOptions();
        var command = options.AddTo(new Command(name, description));
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Argument argument: command.Arguments.Add(argument); break;
                case Option option: command.Options.Add(option); break;
            }
        }

        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            return await act((method, path, body, version) => Ask(client, method, path, body, version, cancellationToken), parse, parse.GetValue(options.Json));
        });
        return command;
    }

    private static async Task<JsonNode?> Ask(HttpClient client, HttpMethod method, string path, JsonNode? body, long? version, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (version is { } read)
        {
            request.Headers.TryAddWithoutValidation("If-Match", string.Create(CultureInfo.InvariantCulture, $"\"{read}\""));
        }

        return await ServerAnswer.Ask(client, request, cancellationToken);
    }

    private static async Task<List<AlertRule>?> Load(string path)
    {
        try
        {
            var text = path == "-" ? await Console.In.ReadToEndAsync() : await File.ReadAllTextAsync(path);
            return [.. Yaml.Read(text).SelectMany(document => document is JsonArray list ? list.AsEnumerable() : [document]).Where(document => document is not null).Select(document => document.Deserialize(WireJson.Default.AlertRule)!)]; // not null
        }
        catch (Exception exception) when (exception is FormatException or JsonException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"{path}: {exception.Message}");
            return null;
        }
    }

    private static async Task<int> Put(Asker ask, AlertRule rule, string reason, bool json)
    {
        var known = (await ask(HttpMethod.Get, "/v1/alerts/rules", null, null))?.AsArray().FirstOrDefault(one => (string?)one!["current"]!["name"] == rule.Name);
        var body = JsonSerializer.SerializeToNode(rule, WireJson.Default.AlertRule);
        if (known is not null && JsonNode.DeepEquals(known["current"]!["rule"], body))
        {
            return Say($"{rule.Name} is as it was.");
        }

        return await ask(HttpMethod.Put, "/v1/alerts/rules/" + Uri.EscapeDataString(rule.Name), JsonSerializer.SerializeToNode(new AlertRuleChange(rule, reason), WireJson.Default.AlertRuleChange), (long?)known?["current"]!["version"] ?? 0) is not { } saved ? 1
            : Print(json, saved, () => Console.WriteLine($"{rule.Name} is version {saved["current"]!["version"]} now."));
    }

    private static async Task<int> Try(Asker ask, AlertRule rule, bool json) =>
        (await ask(HttpMethod.Post, "/v1/alerts/preview", JsonSerializer.SerializeToNode(rule, WireJson.Default.AlertRule), null))?.Deserialize(WireJson.Default.AlertPreview) is not { } preview ? 1
        : Print(json, JsonSerializer.SerializeToNode(preview, WireJson.Default.AlertPreview)!, () => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, // a record is not null
            $"{rule.Name}: {preview.Alerts} alerts of {preview.Things} things in the last 24 h, alerting for {preview.AlertingSeconds / 60:0} min in all, no data for {preview.NoDataSeconds / 60:0} min.{(preview.Note is null ? "" : " " + preview.Note)}")));

    private static int Print(bool json, JsonNode node, Action people)
    {
        if (json)
        {
            Console.WriteLine(node.ToJsonString());
        }
        else
        {
            people();
        }

        return 0;
    }

    private static int Say(string text)
    {
        Console.WriteLine(text);
        return 0;
    }

    private static void Table(string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table().AddColumns(columns);
        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        AnsiConsole.Write(table);
    }

    private delegate Task<JsonNode?> Asker(HttpMethod method, string path, JsonNode? body, long? version);
}

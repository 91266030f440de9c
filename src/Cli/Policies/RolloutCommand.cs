using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;

namespace EnergyTTT.Cli.Policies;

/// <summary><c>energyttt policy rollout start|list|show|watch|pause|resume|share|promote</c> and <c>policy rollback</c>.</summary>
internal static class RolloutCommand
{
    public static Command Create() => new("rollout", "Try a version on a part of the routers: start, list, show, watch, pause, resume, share, promote, rollback.")
    {
        Start(), List(), Show("show", "What every router really applies and what the guards read.", watch: false), Show("watch", "As show, until the rollout is over; exit code 1 when it was rolled back.", watch: true),
        Act("pause", "It stays as it is; its guards go on."), Act("resume", "It goes on."), Act("share", "Choose another share of the routers.", share: true), Act("promote", "Put it in force everywhere."), Act("rollback", "Take it back everywhere.", needsReason: true),
    };

    /// <summary><c>policy rollback</c>: the same as <c>policy rollout rollback</c>.</summary>
    public static Command CreateRollback() => Act("rollback", "Take a rollout back everywhere.", needsReason: true);

    private static Option<string> Scope() => new("--scope", "-s") { Description = "fleet or deployment/NAME.", DefaultValueFactory = _ => PolicyScopes.Fleet };

    private static Command Start()
    {
        var options = new ServerOptions();
        var scope = new Option<string?>("--scope", "-s") { Description = "fleet or deployment/NAME; the file's own, or the fleet, when not given." };
        var file = new Option<string>("--file", "-f") { Description = "A file in YAML or JSON that holds everything that the scope is to set.", Required = true };
        var reason = new Option<string?>("--reason", "-r") { Description = "Why; required." };
        var share = new Option<double>("--share") { Description = "Share of the routers, above 0 to 1.", DefaultValueFactory = _ => 0.05 };
        var deployments = new Option<string[]>("--deployment") { Description = "Only routers of this deployment; may be repeated." };
        var racks = new Option<string[]>("--rack") { Description = "Only routers of deployments that stand in this rack; may be repeated." };
        var promote = new Option<int?>("--promote-after") { Description = "Seconds without a broken guard after which it promotes itself." };
        var (latency, mass, joules, errors, telemetry) = (
            Guard("--latency-rise", "Greatest rise of p95 latency, such as 0.1"), Guard("--mass-fall", "Greatest fall of the mean retained mass"), Guard("--joules-rise", "Greatest rise of joules per token"),
            Guard("--error-share", "Greatest share of refused feedback"), Guard("--telemetry-loss", "Greatest share of GPUs and replicas that fall silent"));
        var command = options.AddTo(new Command("start", "Begin to try what a file sets.") { file, scope, reason, share, deployments, racks, promote, latency, mass, joules, errors, telemetry });
        command.SetAction(async (parse, cancellationToken) =>
        {
            if (await PolicyFile.Load(parse.GetValue(file)!, cancellationToken) is not { } read) // required
            {
                return 1;
            }

            using var client = options.Open(parse);
            var server = new PolicyServer(client);
            var name = parse.GetValue(scope) ?? read.Scope ?? PolicyScopes.Fleet;
            if (await server.Current(name, cancellationToken) is not { } current)
            {
                return 1;
            }

            var usual = new RolloutGuards();
            var request = new RolloutRequest
            {
                Document = read.Document, Reason = parse.GetValue(reason) ?? read.Reason ?? "", Share = parse.GetValue(share), PromoteAfterSeconds = parse.GetValue(promote),
                Deployments = parse.GetValue(deployments) is { Length: > 0 } names ? names : null, Racks = parse.GetValue(racks) is { Length: > 0 } places ? places : null,
                Guards = usual with
                {
                    LatencyP95RiseMax = parse.GetValue(latency) ?? usual.LatencyP95RiseMax, RetainedMassFallMax = parse.GetValue(mass) ?? usual.RetainedMassFallMax, JoulesPerTokenRiseMax = parse.GetValue(joules) ?? usual.JoulesPerTokenRiseMax,
                    ErrorShareMax = parse.GetValue(errors) ?? usual.ErrorShareMax, TelemetryLossMax = parse.GetValue(telemetry) ?? usual.TelemetryLossMax,
                },
            };
            var answer = await server.Ask(HttpMethod.Post, PolicyServer.PathOf(name) + "/rollouts", cancellationToken, JsonSerializer.SerializeToNode(request, WireJson.Default.RolloutRequest), read.Version ?? current.Version);
            return Print(parse.GetValue(options.Json), answer, rollout => PolicyOutput.Waits(rollout) ?? $"Rollout {rollout["id"]} tries version {rollout["version"]} of {name}. Watch it: energyttt policy rollout watch {rollout["id"]} --scope {name}");
        });
        return command;

        static Option<double?> Guard(string option, string what) => new(option) { Description = what + "; the usual bound when not given." };
    }

    private static Command List()
    {
        var (options, scope) = (new ServerOptions(), Scope());
        var command = options.AddTo(new Command("list", "Rollouts of a scope, newest first.") { scope });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            var answer = await new PolicyServer(client).Ask(HttpMethod.Get, PolicyServer.PathOf(parse.GetValue(scope)!) + "/rollouts", cancellationToken); // has a default
            return Print(parse.GetValue(options.Json), answer, page => string.Join('\n', page["rollouts"]!.AsArray().Select(one => $"{one!["id"]}  version {one["version"]}  {one["state"]}  by {one["changed_by"]}  {one["cause"] ?? one["reason"]}")));
        });
        return command;
    }

    private static Command Show(string name, string description, bool watch)
    {
        var (options, scope, id) = (new ServerOptions(), Scope(), new Argument<long>("id") { Description = "Its number." });
        var command = options.AddTo(new Command(name, description) { id, scope });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            var path = string.Create(CultureInfo.InvariantCulture, $"{PolicyServer.PathOf(parse.GetValue(scope)!)}/rollouts/{parse.GetValue(id)}"); // has a default
            while (true)
            {
                if ((await new PolicyServer(client).Ask(HttpMethod.Get, path, cancellationToken))?.Deserialize(WireJson.Default.RolloutProgress) is not { } progress)
                {
                    return 1;
                }

                Console.WriteLine(parse.GetValue(options.Json) ? JsonSerializer.Serialize(progress, WireJson.Default.RolloutProgress) : Words(progress));
                if (!watch || !progress.Rollout.IsOpen)
                {
                    return watch && progress.Rollout.State == RolloutState.RolledBack ? 1 : 0;
                }

                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
            }
        });
        return command;
    }

    private static Command Act(string action, string description, bool needsReason = false, bool share = false)
    {
        var (options, scope, id) = (new ServerOptions(), Scope(), new Argument<long>("id") { Description = "Its number." });
        var reason = new Option<string?>("--reason", "-r") { Description = needsReason ? "Why; required." : "Why.", Required = needsReason };
        var part = new Argument<double?>("share") { Description = "Above 0 to 1." };
        var command = options.AddTo(new Command(action, description) { id, scope, reason });
        if (share)
        {
            command.Arguments.Add(part);
        }

        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            var path = string.Create(CultureInfo.InvariantCulture, $"{PolicyServer.PathOf(parse.GetValue(scope)!)}/rollouts/{parse.GetValue(id)}/{action}"); // has a default
            var order = new RolloutOrder(parse.GetValue(reason), share ? parse.GetValue(part) : null);
            var answer = await new PolicyServer(client).Ask(HttpMethod.Post, path, cancellationToken, JsonSerializer.SerializeToNode(order, WireJson.Default.RolloutOrder));
            return Print(parse.GetValue(options.Json), answer, rollout => $"Rollout {rollout["id"]} of version {rollout["version"]} is {rollout["state"]}.");
        });
        return command;
    }

    private static string Words(RolloutProgress progress)
    {
        var rollout = progress.Rollout;
        var lines = new List<string>
        {
            $"Rollout {rollout.Id}, version {rollout.Version} of {rollout.Scope}: {EnumWords.Of(rollout.State)}{(rollout.Cause is null ? "" : $" by {rollout.ChangedBy}: {rollout.Cause}")}",
            $"  {progress.Applying} of {progress.Chosen} chosen routers apply it, of {progress.Routers}",
        };
        lines.AddRange(progress.Guards.Select(guard => $"  {guard.State switch { GuardState.Holds => "holds  ", GuardState.Broken => "BROKEN ", _ => "no data" }} {guard.Deployment} {guard.Guard}: {guard.Sentence}"));
        return string.Join('\n', lines);
    }

    private static int Print(bool json, JsonNode? answer, Func<JsonNode, string> people) => answer is null ? 1 : PolicyOutput.Print(json, answer, () => Console.WriteLine(people(answer)));
}

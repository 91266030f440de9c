using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Ingests;
using EnergyTTT.Cli.Servers;
using EnergyTTT.History;
using EnergyTTT.History.Access;
using EnergyTTT.History.Servers;
using Npgsql;

namespace EnergyTTT.Cli.Steering;

/// <summary><c>energyttt bench steering</c>: feedback and placements a second over HTTP at a fixed rate, counts checked in the database.</summary>
internal static class BenchSteeringCommand
{
    private const double FeedbackBarSeconds = 0.100;
    private const double PlacementBarSeconds = 0.005;

    public static Command Create()
    {
        var deployments = Count("--deployments", "Deployments of the load, each one grain.", 10);
        var layers = Count("--layers", "Layers of each.", 8);
        var experts = Count("--experts", "Experts of each layer.", 128);
        var rows = Count("--gate-rows", "Rows of gate logits in each layer's sample.", 16);
        var rate = Count("--rate", "Feedback messages a second, all together.", 300);
        var places = Count("--place-rate", "Placements a second, all together.", 2_000);
        var seconds = Count("--seconds", "Length of each phase.", 20);
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var product = new Option<FileInfo?>("--product") { Description = "EnergyTTT.Silo.dll of the product to start; found by itself in a build or a publish folder." };
        var command = new Command("steering", "Load the steering road like a fleet of engines; a product is started for it and removed after it.") { deployments, layers, experts, rows, rate, places, seconds, json, product };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var load = new SteeringLoad(parse.GetValue(deployments), parse.GetValue(layers), parse.GetValue(experts), parse.GetValue(rows));
            try
            {
                var program = parse.GetValue(product)?.FullName ?? OwnProduct.Find() ?? throw new InvalidOperationException("The product is not built: build src/Silo in Release, or name its EnergyTTT.Silo.dll with --product.");
                await using var own = await OwnProduct.Start(program, cancellationToken, "--Deployments:Shadow", "00:00:01"); // so that what is timed is steered
                return await Run(own, load, parse.GetValue(rate), parse.GetValue(places), TimeSpan.FromSeconds(parse.GetValue(seconds)), parse.GetValue(json), cancellationToken);
            }
            catch (Exception exception) when (exception is InvalidOperationException or NpgsqlException or DataFolderException or HttpRequestException)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return 1;
            }
        });
        return command;
    }

    private static Option<int> Count(string name, string description, int value)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError($"{name} must be 1 or more.");
            }
        });
        return option;
    }

    private static async Task<int> Run(OwnProduct own, SteeringLoad load, int rate, int places, TimeSpan duration, bool json, CancellationToken cancellationToken)
    {
        var connection = PrivateServer.ConnectTo(own.Folder) ?? throw new InvalidOperationException("The product's database does not answer.");
        await using var source = HistoryRegistration.OpenSource(connection);
        var (_, secret) = await new ApiKeys(source, TimeProvider.System).Create(new ApiKeyRequest(PersonRoles.Administrator, CreatedBy: "bench"), cancellationToken);
        using var engine = new SteeringClient(own.Server, secret.Text);
        await engine.Prepare(load, cancellationToken);

        Console.Error.WriteLine($"warming up: {load.Deployments} deployments, {load.Layers} layers x {load.Experts} experts, {load.MessageBytes} bytes a message");
        await engine.Feedback(load, rate, TimeSpan.FromSeconds(5), cancellationToken);
        await engine.Place(load, places, TimeSpan.FromSeconds(3), cancellationToken);
        var before = ProcessCosts.Now(own.ProcessId, 0);
        Console.Error.WriteLine($"feedback: {rate} messages/s for {duration.TotalSeconds:0} s");
        var feedback = await engine.Feedback(load, rate, duration, cancellationToken);
        var costs = ProcessCosts.Now(own.ProcessId, 0).Since(before);
        Console.Error.WriteLine($"placements: {places}/s for {duration.TotalSeconds:0} s");
        var beforePlaces = ProcessCosts.Now(own.ProcessId, 0);
        var placed = await engine.Place(load, places, duration, cancellationToken);
        var placeCosts = ProcessCosts.Now(own.ProcessId, 0).Since(beforePlaces);
        var stored = await Stored(source, cancellationToken);
        var look = await engine.Look(cancellationToken);
        var counted = stored == engine.Acknowledged * load.Layers;
        var holds = new JsonObject
        {
            ["feedback"] = feedback.Failed == 0 && feedback.PerSecond >= 0.97 * rate && feedback.P99 <= FeedbackBarSeconds,
            ["placements"] = placed.Failed == 0 && placed.PerSecond >= 0.97 * places && placed.P99 <= PlacementBarSeconds,
        };
        var answer = new JsonObject
        {
            ["schema"] = 1,
            ["processors"] = Environment.ProcessorCount,
            ["load_average"] = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Trim() : null,
            ["deployments"] = load.Deployments,
            ["layers"] = load.Layers,
            ["experts"] = load.Experts,
            ["gate_rows"] = load.GateRows,
            ["message_bytes"] = load.MessageBytes,
            ["feedback"] = Phase(feedback, rate, costs.Server),
            ["placements"] = Phase(placed, places, placeCosts.Server),
            ["learning_look_ms"] = look.Last,
            ["learning_look_longest_ms"] = look.Longest,
            ["acknowledged_chunks"] = engine.Acknowledged,
            ["stored_rows"] = stored,
            ["counts_hold"] = counted,
            ["holds"] = holds,
            ["server_memory_greatest_bytes"] = ProcessCosts.Memory(own.ProcessId).Greatest,
        };
        Console.WriteLine(json ? answer.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) : Text(answer));
        return counted ? 0 : 1;
    }

    private static JsonObject Phase(PacedResult result, int target, double serverSeconds) => new()
    {
        ["target_per_second"] = target,
        ["per_second"] = Math.Round(result.PerSecond, 1),
        ["p50_ms"] = Math.Round(1000 * result.P50, 2),
        ["p99_ms"] = Math.Round(1000 * result.P99, 2),
        ["greatest_ms"] = Math.Round(1000 * result.Greatest, 2),
        ["generator_late_p99_ms"] = Math.Round(1000 * result.LateP99, 2),
        ["answered"] = result.Answered,
        ["failed"] = result.Failed,
        ["first_failure"] = result.FirstFailure,
        ["server_cpu_ms_each"] = Math.Round(1000 * serverSeconds / Math.Max(1, result.Answered), 3),
    };

    private static string Text(JsonObject answer) =>
        $"feedback   {answer["feedback"]!["per_second"]}/s, p50 {answer["feedback"]!["p50_ms"]} ms, p99 {answer["feedback"]!["p99_ms"]} ms\n"
        + $"placements {answer["placements"]!["per_second"]}/s, p50 {answer["placements"]!["p50_ms"]} ms, p99 {answer["placements"]!["p99_ms"]} ms\n"
        + $"counts {((bool)answer["counts_hold"]! ? "hold" : "DO NOT HOLD")}: {answer["acknowledged_chunks"]} chunks acknowledged, {answer["stored_rows"]} rows stored";

    private static async Task<long> Stored(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("select count(*) from (select distinct deployment_id, replica, chunk, layer from routing.chunk) as once");
        return (long)(await command.ExecuteScalarAsync(cancellationToken) ?? 0L);
    }
}

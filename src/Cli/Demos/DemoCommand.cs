using System.CommandLine;
using System.Text.Json;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Client.Http;
using EnergyTTT.Simulation.Servers;

namespace EnergyTTT.Cli.Demos;

/// <summary><c>energyttt demo</c>: the simulated fleet of <c>./run.sh --demo</c> against any server, until Ctrl+C. Everything that it says is marked as simulated.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly JsonSerializerOptions Printed = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var options = new ServerOptions();
        var name = new Option<string>("--name") { Description = "Begin of all names after 'sim-', so that several fleets do not meet.", DefaultValueFactory = _ => "remote" };
        name.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not { Length: >= 1 and <= 16 } text || !text.All(char.IsAsciiLetterOrDigit))
            {
                result.AddError("--name takes 1 to 16 letters and digits.");
            }
        });
        var speed = new Option<int>("--speed") { Description = "Simulated seconds per second, 1 to 20.", DefaultValueFactory = _ => 1 };
        speed.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not (>= 1 and <= 20))
            {
                result.AddError("--speed must lie between 1 and 20.");
            }
        });
        var seconds = new Option<int?>("--seconds") { Description = "Stop after this many seconds; Ctrl+C stops it anyway." };
        var policy = new Option<bool>("--keep-policy") { Description = "Do not put a policy for the fleet's deployments; they are then steered as the server's policy says." };
        var command = options.AddTo(new Command("demo", "Run a simulated fleet of 64 GPUs and 4 deployments against a server. Needs an administrator's key: it sends telemetry, speaks for engines and puts a policy.") { name, speed, seconds, policy });
        command.SetAction(async (parse, cancellationToken) =>
        {
            if (options.KeyOf(parse) is not { Length: > 0 } key)
            {
                await Console.Error.WriteLineAsync($"A key is needed: --key or {ServerOptions.KeyVariable}. On the server's machine: energyttt keys create --local --role administrator");
                return 2;
            }

            var fleet = ServedFleetOptions.DemoFleet with { Prefix = $"sim-{parse.GetValue(name)}-" };
            var served = new ServedFleetOptions(parse.GetValue(options.Server)!, key, key) { OperatorKey = parse.GetValue(policy) ? null : key, ClockSpeed = parse.GetValue(speed), Fleet = fleet }; // --server has a default
            using var late = parse.GetValue(seconds) is { } limit ? new CancellationTokenSource(TimeSpan.FromSeconds(limit), TimeProvider.System) : new CancellationTokenSource();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);

            return await Run(served, parse.GetValue(options.Json), stop.Token);
        });
        return command;
    }

    private static async Task<int> Run(ServedFleetOptions options, bool json, CancellationToken cancellationToken)
    {
        await using var fleet = new ServedFleet(options);
        try
        {
            var running = fleet.Run(cancellationToken);
            while (await Task.WhenAny(running, Task.Delay(Pause, TimeProvider.System, CancellationToken.None)) != running)
            {
                Say(fleet.Status, json);
            }

            await running;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }
        catch (Exception error) when (error is HttpRequestException or SteeringRefusedException or TimeoutException)
        {
            await Console.Error.WriteLineAsync($"{options.Server} does not take the fleet: {error.Message}");
            return 1;
        }

        Say(fleet.Status, json);
        return fleet.Status is { Chunks: > 0, Refused: 0 } ? 0 : 1;
    }

    private static void Say(ServedFleetStatus status, bool json) => Console.WriteLine(json
        ? JsonSerializer.Serialize(
            new { origin = "simulated", status.SimulatedSeconds, status.Batches, status.Chunks, status.Receipts, status.Placed, status.Fallbacks, status.Dropped, status.Refused, status.Epochs, last_problem = status.LastProblem?.Message },
            Printed)
        : $"SIMULATED {status.SimulatedSeconds} s: {status.Batches} batches, {status.Chunks} chunks, {status.Placed} placed ({status.Fallbacks} by itself), epochs {string.Join(", ", status.Epochs.Select(pair => $"{pair.Key} {pair.Value}"))}"
            + (status.LastProblem is { } problem ? $"; last problem: {problem.Message}" : ""));
}

using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using EnergyTTT.Simulation.Steering;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Simulation.Tests.Servers;

/// <summary>Answers the calls of a fleet in the same process, remembers them, and can be away.</summary>
public sealed class PretendServer : HttpMessageHandler
{
    public bool Away { get; set; }

    public SteeringArm Arm { get; set; }

    public ConcurrentDictionary<string, DeploymentDescription> Deployments { get; } = new();

    public ConcurrentQueue<(string Path, string? IfMatch, PolicyChange Change)> Policies { get; } = new();

    public ConcurrentQueue<TelemetryBatch> Telemetry { get; } = new();

    public ConcurrentQueue<ChunkFeedback> Feedback { get; } = new();

    public ConcurrentQueue<AppliedEpoch> Receipts { get; } = new();

    private int _placements;

    public int Placements => Volatile.Read(ref _placements);

    /// <summary>The key of every call by the first word of its path.</summary>
    public ConcurrentDictionary<string, string> Keys { get; } = new();

    private SteeringEpoch Epoch => FixedSteering.Epoch("marginal", 0.95) with { Epoch = 7, Arm = Arm, ExpiresAt = TimeProvider.System.GetUtcNow().AddSeconds(2) };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Away)
        {
            throw new HttpRequestException("the server is away");
        }

        var path = request.RequestUri!.AbsolutePath;
        var words = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        Keys[words[1]] = request.Headers.Authorization!.Parameter!;
        var body = request.Content is { } content ? await content.ReadAsStringAsync(cancellationToken) : "";
        switch (words[^1])
        {
            case "telemetry":
                Telemetry.Enqueue(JsonSerializer.Deserialize(body, WireJson.Default.TelemetryBatch)!);
                return Ok("{}");
            case "feedback":
                Feedback.Enqueue(JsonSerializer.Deserialize(body, WireJson.Default.ChunkFeedback)!);
                return Ok(JsonSerializer.Serialize(Epoch, WireJson.Default.SteeringEpoch));
            case "bias":
                await Task.Delay(50, cancellationToken);
                return Ok(JsonSerializer.Serialize(Epoch, WireJson.Default.SteeringEpoch));
            case "applied":
                Receipts.Enqueue(JsonSerializer.Deserialize(body, WireJson.Default.AppliedEpoch)!);
                return Ok("{}");
            case "place":
                Interlocked.Increment(ref _placements);
                return Ok(JsonSerializer.Serialize(new PlacementAnswer(Deployments[words[2]].Replicas[0].Id, new(1, 0, 0)), WireJson.Default.PlacementAnswer));
            default:
                if (words[1] == "policies")
                {
                    Policies.Enqueue((path, request.Headers.GetValues("If-Match").Single(), JsonSerializer.Deserialize(body, WireJson.Default.PolicyChange)!));
                    return words[^1] == "sim-moe-2" ? new(HttpStatusCode.PreconditionFailed) : Ok("{}");
                }

                Deployments[words[2]] = JsonSerializer.Deserialize(body, WireJson.Default.DeploymentDescription)!;
                return Ok("{}");
        }
    }

    private static HttpResponseMessage Ok(string json) => new(HttpStatusCode.OK) { Content = new StringContent(json), Headers = { Date = TimeProvider.System.GetUtcNow() } };
}

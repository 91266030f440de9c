using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.Client.Http;
using EnergyTTT.Client.Steering;
using EnergyTTT.History.Access;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Silo.Tests.Products;
using EnergyTTT.Simulation.Gates;
using EnergyTTT.Wire.Deployments;
using Xunit;
using BiasSpace = EnergyTTT.Wire.Deployments.BiasSpace;

namespace EnergyTTT.Silo.Tests.Steering;

/// <summary>An engine written in C# with the client package, on recorded gates, against the real product.</summary>
[Collection(ProductCollection.Name)]
public sealed class EngineInCSharpTests(ProductFixture product)
{
    private const int Batch = 16;
    private static readonly RecordedGates Gates = RecordedGates.E64;

    [Fact]
    public async Task Feedback_brings_an_epoch_whose_receipt_matches_fewer_experts_are_read_and_policy_takes_it_back()
    {
        var name = "csharp-" + Guid.NewGuid().ToString("N")[..8];
        var key = (await product.Keys.Create(new(ApiKeyRoles.Engine, Deployments: [name]), CancellationToken.None)).Secret.Text;
        using var operators = await product.ClientOf("operator");
        using var api = new SteeringApi(product.Product.Server, key, name, TimeSpan.FromSeconds(30));
        await api.Describe(new DeploymentDescription
        {
            Model = "recorded gates",
            Layers = Gates.Layers,
            Experts = Gates.Experts,
            TopK = Gates.TopK,
            Gate = GateFunction.Softmax,
            BiasSpace = BiasSpace.Logit,
            Replicas = [new() { Id = "a", Gpus = ["GPU-" + name] }],
            CostTable = "h100-80gb-hbm3-bf16",
        });
        var version = await Policy(operators, name, """{"mode":"enforce","promotion":"immediate","hold_out_share":0}""", "0");
        var options = new FleetSteeringOptions(product.Product.Server, key, name, "a", new SelectorShape(Gates.Experts, Gates.TopK), Gates.Layers) { ChunkDuration = TimeSpan.FromMilliseconds(250), ChunkTokens = 1024, PollWait = TimeSpan.FromSeconds(2) };
        await using var steering = await FleetSteering.ConnectAsync(options);

        var unsteered = Step(steering, 0);
        await Until(() => steering.Status is { Steers: true, Receipts: > 0 }, steering, "an epoch and its receipt");
        var steered = Step(steering, 0);
        var view = await Read(operators, name);
        await Policy(operators, name, """{"mode":"observe"}""", version);
        await Until(() => !steering.Status.Steers, steering, "the end of steering");

        Assert.True(steered.Distinct < unsteered.Distinct - 5, $"{unsteered.Distinct:F1} distinct experts before, {steered.Distinct:F1} steered");
        Assert.InRange(steered.LeastMass, 0.95, 1);
        Assert.Equal(1, unsteered.LeastMass, 6);
        Assert.Equal("promoted", (string)view["stage"]!);
        Assert.True((bool)view["replicas"]![0]!["digest_matches"]!, view["replicas"]!.ToJsonString());
        Assert.Equal(unsteered.Distinct, Step(steering, 0).Distinct);
        // On a starved machine chunks may be dropped; none is ever refused.
        Assert.Equal(0, steering.Status.Refused);
        Assert.Equal("a", (await steering.PlaceAsync(null))?.Replica);
    }

    [Fact]
    public async Task An_epoch_from_the_future_is_refused_and_changes_nothing()
    {
        var name = "future-" + Guid.NewGuid().ToString("N")[..8];
        var key = (await product.Keys.Create(new(ApiKeyRoles.Engine, Deployments: [name]), CancellationToken.None)).Secret.Text;
        using var api = new SteeringApi(product.Product.Server, key, name, TimeSpan.FromSeconds(30));
        await api.Describe(new DeploymentDescription { Model = "small", Layers = 1, Experts = 4, TopK = 2, Gate = GateFunction.Softmax, BiasSpace = BiasSpace.Logit, Replicas = [new() { Id = "a", Gpus = ["GPU-" + name] }] });
        var chunk = new ChunkFeedback
        {
            Replica = "a", Chunk = 1, Epoch = 99, Arm = SteeringArm.Treated, Tokens = 8, Phase = InferencePhase.Decode, BatchTokens = 4,
            Layers = [new() { Layer = 0, ExpertCounts = [4, 4, 4, 4], MeanGateProbability = [0.25f, 0.25f, 0.25f, 0.25f] }],
        };

        var future = await Assert.ThrowsAsync<SteeringRefusedException>(() => api.Feedback(chunk));
        var space = await Assert.ThrowsAsync<SteeringRefusedException>(() => api.Feedback(chunk with { Epoch = 0, BiasSpace = BiasSpace.SoftmaxScore }));
        var good = await api.Feedback(chunk with { Epoch = 0 });

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "unknown_epoch", false), (future.Status, future.Code, future.MayPass));
        Assert.Equal("bias_space_mismatch", space.Code);
        Assert.Equal(0, good!.Value.Epoch.Epoch);
    }

    private static (double Distinct, double LeastMass) Step(FleetSteering steering, int position)
    {
        var logits = new float[Batch * Gates.Experts];
        var experts = new int[Batch * Gates.TopK];
        var weights = new float[Batch * Gates.TopK];
        double distinct = 0, least = 1;
        for (var layer = 0; layer < Gates.Layers; layer++)
        {
            for (var row = 0; row < Batch; row++)
            {
                Gates.Logits(layer, row, position).CopyTo(logits.AsSpan(row * Gates.Experts));
            }

            var statistics = steering.Layer(layer).Select(logits, Batch, experts, weights);
            distinct += statistics.DistinctExperts;
            least = Math.Min(least, statistics.RetainedMassMin);
        }

        return (distinct / Gates.Layers, least);
    }

    private static async Task Until(Func<bool> happened, FleetSteering steering, string what)
    {
        var watch = Stopwatch.StartNew();
        for (var position = 0; !happened(); position++)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(90), $"{what} did not come within 90 s; last problem: {steering.Status.LastProblem}");
            Step(steering, position);
            await Task.Delay(10);
        }
    }

    private static async Task<string> Policy(HttpClient client, string name, string document, string version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/policies/deployment/{name}") { Content = new StringContent($$"""{"document":{{document}},"reason":"test"}""", Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("If-Match", $"\"{version}\"");
        using var response = await client.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, answer);

        return JsonNode.Parse(answer)!["version"]!.ToJsonString();
    }

    private static async Task<JsonNode> Read(HttpClient client, string name) => JsonNode.Parse(await client.GetStringAsync(new Uri($"/v1/deployments/{name}", UriKind.Relative)))!;
}

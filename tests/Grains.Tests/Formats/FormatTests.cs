using EnergyTTT.Contracts;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.Grains.Deployments;
using EnergyTTT.Grains.Routers;
using EnergyTTT.Routing.FastWeights;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Xunit;

namespace EnergyTTT.Grains.Tests.Formats;

/// <summary>
/// What was persisted by an earlier version must be read by this one. The folders <c>v1</c> and <c>v2</c> were written once and are never written again: a new form gets a folder
/// of its own, made with ENERGYTTT_WRITE_FORMATS set to it.
/// </summary>
public sealed class FormatTests
{
    private const string Model = "tiny-moe";
    private static readonly SelectorShape Shape = new(8, 2);
    private static readonly DeploymentCourse Course = new()
    {
        PolicyVersion = 12, Strategy = "EnergyAwareTTT", Stage = CourseStage.Promoted, Since = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero), Reason = "the hold-out shows a saving",
    };

    private static readonly RouterMemory Memory = new() { Frozen = true, SnapshotSha256 = new string('a', 64) };

    private static readonly RouterSetup Setup = new()
    {
        DeploymentId = 3, Model = Model, Experts = 4, TopK = 2, Gate = GateFunction.Softmax, BiasSpace = Wire.Deployments.BiasSpace.Logit, CostTable = "h100-80gb-hbm3-bf16", DeviceOfExpert = [0, 1, 0, 1],
        Policy = EffectivePolicy.Defaults with { Version = 7, RetainedMassMin = 0.97 }, Revision = 2,
    };

    [Fact]
    public void The_states_of_version_1_are_read()
    {
        using var services = new ServiceCollection().AddWireSerialisation().AddSerializer(builder => builder.AddAssembly(typeof(DeploymentGrain).Assembly)).BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        if (Environment.GetEnvironmentVariable("ENERGYTTT_WRITE_FORMATS") is { Length: > 0 } folder)
        {
            File.WriteAllBytes(Path.Combine(folder, "deployment-course.bin"), serializer.SerializeToArray(Course));
            File.WriteAllBytes(Path.Combine(folder, "router-memory.bin"), serializer.SerializeToArray(Memory));
        }

        Assert.Equal(Course, serializer.Deserialize<DeploymentCourse>(File.ReadAllBytes(Kept("deployment-course.bin"))));
        Assert.Equal(Memory, serializer.Deserialize<RouterMemory>(File.ReadAllBytes(Kept("router-memory.bin"))));
    }

    [Fact]
    public void A_router_memory_of_version_2_is_read_with_what_the_router_served()
    {
        using var services = new ServiceCollection().AddWireSerialisation().AddSerializer(builder => builder.AddAssembly(typeof(DeploymentGrain).Assembly)).BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        if (Environment.GetEnvironmentVariable("ENERGYTTT_WRITE_FORMATS") is { Length: > 0 } folder)
        {
            File.WriteAllBytes(Path.Combine(folder, "router-memory.bin"), serializer.SerializeToArray(Memory with { Setup = Setup }));
        }

        var read = serializer.Deserialize<RouterMemory>(File.ReadAllBytes(Kept("router-memory.bin", "v2")));

        Assert.Equal(Memory, read! with { Setup = null });
        Assert.Equal<int>([0, 1, 0, 1], read.Setup!.DeviceOfExpert.AsEnumerable()); // the file has one
        Assert.Equal(Setup, read.Setup with { DeviceOfExpert = Setup.DeviceOfExpert });
    }

    [Fact]
    public void Fast_weights_of_version_1_are_taken_over_whole()
    {
        if (Environment.GetEnvironmentVariable("ENERGYTTT_WRITE_FORMATS") is { Length: > 0 } folder)
        {
            using var writer = Learner();
            var (written, sidecar) = writer.Export("router/tiny/0", Model, 0);
            File.WriteAllBytes(Path.Combine(folder, "fast-weights.eatw"), written);
            File.WriteAllText(Path.Combine(folder, "fast-weights.json"), sidecar.ToJson() + "\n");
        }

        using var learner = Learner(seed: 99);
        var blob = File.ReadAllBytes(Kept("fast-weights.eatw"));
        var text = File.ReadAllText(Kept("fast-weights.json"));

        Assert.Null(learner.Import(blob, FastWeightSidecar.Parse(text), Model));
        Assert.Equal(blob, learner.Export("router/tiny/0", Model, 0).Blob);
        blob[^1] ^= 1;
        Assert.NotNull(learner.Import(blob, FastWeightSidecar.Parse(text), Model));
        Assert.NotNull(learner.Import(File.ReadAllBytes(Kept("fast-weights.eatw")), FastWeightSidecar.Parse(text), "another-model"));
    }

    private static RouterLearner Learner(int seed = 7) => new(new LearningOptions
    {
        Shape = Shape, Strategy = StrategyCatalogue.EnergyAwareTtt, HiddenUnits = 16, FastWeights = new FastWeightOptions { Seed = seed },
    });

    private static string Kept(string file, string version = "v1") => Path.Combine(AppContext.BaseDirectory, "Formats", version, file);
}

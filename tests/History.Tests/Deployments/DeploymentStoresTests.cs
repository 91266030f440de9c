using System.Collections.Immutable;
using EnergyTTT.History.Deployments;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Deployments;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EnergyTTT.History.Tests.Deployments;

public sealed class DeploymentStoresTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly ServiceProvider _provider = new ServiceCollection().AddLogging().AddHistory(postgres.ConnectionString).BuildServiceProvider();

    private FeedbackWriter Writer => _provider.GetRequiredService<FeedbackWriter>();

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public Task InitializeAsync() => Writer.StartAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        await Writer.StopAsync(CancellationToken.None);
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task The_same_description_again_keeps_its_revision_and_another_one_counts_on()
    {
        var store = new DeploymentStore(postgres.Source);

        var first = await store.Save("counted", Describe(8), Now, CancellationToken.None);
        var same = await store.Save("counted", Describe(8), Now, CancellationToken.None);
        var other = await store.Save("counted", Describe(16), Now, CancellationToken.None);

        Assert.Equal((1L, 1L, 2L), (first.Revision, same.Revision, other.Revision));
        Assert.Equal((first.Id, 16), (other.Id, (await store.Find("counted", CancellationToken.None))!.Description.Experts));
        Assert.Null(await store.Find("nobody", CancellationToken.None));
        Assert.Contains("counted", (await store.List(CancellationToken.None)).Select(stored => stored.Name));
    }

    [Fact]
    public async Task A_chunk_is_counted_once_however_often_it_comes()
    {
        var id = await Deployment("once");

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Writer.Write(Record(id, chunk: i % 3), CancellationToken.None)));
        var later = await Writer.Write(Record(id, chunk: 1), CancellationToken.None);

        Assert.Equal(3, answers.Count(isNew => isNew));
        Assert.False(later);
        Assert.Equal(6L, await Scalar($"select count(*) from routing.chunk where deployment_id = {id}"));
    }

    [Fact]
    public async Task Blocks_sum_the_chunks_of_an_arm_and_an_unmeasured_chunk_leaves_no_measured_sum()
    {
        var id = await Deployment("blocks");
        var from = Now.AddMinutes(-1);
        await Writer.Write(Record(id, 1, block: 10, arm: SteeringArm.Treated, joules: 5, distinct: 40), CancellationToken.None);
        await Writer.Write(Record(id, 2, block: 10, arm: SteeringArm.Treated, joules: 7, distinct: 44), CancellationToken.None);
        await Writer.Write(Record(id, 3, block: 11, arm: SteeringArm.HeldOut, joules: 9, distinct: 56), CancellationToken.None);
        await Writer.Write(Record(id, 4, block: 11, arm: SteeringArm.HeldOut, joules: null, distinct: 56), CancellationToken.None);
        await Writer.Write(Record(id, 5, block: 12, arm: SteeringArm.Treated, joules: 1, distinct: 1), CancellationToken.None);

        var blocks = await new BlockReader(postgres.Source).Read(id, from, unfinished: 12, CancellationToken.None);

        Assert.Equal(2, blocks.Length);
        Assert.Equal((10L, SteeringArm.Treated, 4096L, 12d, 8d, 42d), (blocks[0].Block, blocks[0].Arm, blocks[0].Tokens, blocks[0].MeasuredJoules, blocks[0].ModelledJoules, blocks[0].DistinctExperts));
        Assert.Equal((11L, SteeringArm.HeldOut, 4096L, null, 8d, 4), (blocks[1].Block, blocks[1].Arm, blocks[1].Tokens, blocks[1].MeasuredJoules, blocks[1].ModelledJoules, blocks[1].Band));
        Assert.Equal(0.985, blocks[0].RetainedMass!.Value, 5);
    }

    [Fact]
    public async Task An_epoch_number_is_issued_once_and_reads_back_bit_for_bit()
    {
        var id = await Deployment("epochs");
        var store = new EpochStore(postgres.Source);
        var issued = new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);

        Assert.Equal(0, await store.Last(id, CancellationToken.None));
        Assert.True(await store.Issue(id, Epoch(1, issued, 0.1f), new EpochBacking("canary", [4, 5], """{"pairs": 12}""", issued), CancellationToken.None));
        Assert.False(await store.Issue(id, Epoch(1, issued, 0.2f), new EpochBacking("canary", [4, 5], "{}", issued), CancellationToken.None));

        var stored = Assert.Single(await store.List(id, layer: 1, before: long.MaxValue, limit: 5, CancellationToken.None));
        Assert.Equal(1, await store.Last(id, CancellationToken.None));
        Assert.Equal<float>([0.1f, -0.1f], stored.Bias);
        Assert.Empty(stored.Prices);
        Assert.Equal(("canary", 5L, 3L, 0.95f, "consolidate", issued.AddSeconds(60)), (stored.Stage, stored.LearnerStep, stored.PolicyVersion, (float)stored.GuardBound, stored.BatchAware, stored.ExpiresAt));
    }

    [Fact]
    public async Task A_receipt_of_an_engine_is_noted_and_replaced_by_a_later_one()
    {
        var id = await Deployment("applied");
        var store = new EpochStore(postgres.Source);
        var receipt = new AppliedEpoch { Replica = "a", Epoch = 4, RanksApplied = 8, BiasSha256 = "00" };

        await store.NoteApplied(id, receipt, matches: false, Now, CancellationToken.None);
        await store.NoteApplied(id, receipt with { BiasSha256 = "ff" }, matches: true, Now, CancellationToken.None);

        Assert.Equal(1L, await Scalar($"select count(*) from routing.applied where deployment_id = {id} and matches and bias_sha256 = 'ff'"));
    }

    [Fact]
    public async Task A_minute_of_placements_that_two_silos_wrote_is_whole()
    {
        var minute = new DateTimeOffset(2026, 11, 23, 1, 2, 0, TimeSpan.Zero);
        var store = new PlacementStore(postgres.Source);
        ImmutableArray<float> signature = [.. Enumerable.Range(0, 64).Select(i => i / 64f)];
        await store.Save(77, [new(minute, "a", 3, 1, 0.5, 12, 2, signature), new(minute, "b", 0, 0, null, 4, null, [])], CancellationToken.None);
        await store.Save(77, [new(minute, "a", 2, 0, 0.25, 9, null, [])], CancellationToken.None);

        var rows = await store.Read(77, minute, minute.AddMinutes(1), CancellationToken.None);

        Assert.Equal(2, rows.Length);
        Assert.Equal((5, 1, 0.25, 9.0), (rows[0].PlacedTreated, rows[0].PlacedHeldOut, rows[0].ExtraExpertsMean, rows[0].Load));
        Assert.Equal(signature.AsEnumerable(), rows[0].Signature);
        Assert.Null(rows[1].ExtraExpertsMean);
        Assert.Empty(await store.Read(77, minute.AddMinutes(1), minute.AddMinutes(2), CancellationToken.None));
    }

    [Fact]
    public async Task The_ledger_reads_back_what_was_written_and_names_the_residual()
    {
        var id = await Deployment("ledger");
        var store = new LedgerStore(postgres.Source);
        var minute = new DateTimeOffset(2026, 11, 23, 10, 5, 0, TimeSpan.Zero);
        ImmutableArray<LedgerEntry> entries = [new(minute, -1, 100, 50, 30, 8, []), new(minute, 0, 100, null, 30, null, [10, 20])];

        await store.Save(id, entries, CancellationToken.None);
        await store.Save(id, entries, CancellationToken.None);
        var read = await store.Read(id, minute, minute.AddMinutes(1), CancellationToken.None);

        Assert.Equal(2, read.Length);
        Assert.Equal(12, read[0].ResidualJoules);
        Assert.Equal<double>([10d, 20d], read[1].ExpertJoules);
        Assert.Null(read[1].ResidualJoules);
        Assert.Empty(await store.Read(id, minute.AddMinutes(1), minute.AddMinutes(2), CancellationToken.None));
    }

    [Fact]
    public async Task Chunks_that_no_minute_of_the_ledger_holds_are_read_back_for_whoever_takes_over()
    {
        var id = await Deployment("unledgered");
        await Writer.Write(Record(id, 1, joules: 5, distinct: 40), CancellationToken.None);
        await Writer.Write(Record(id, 2, joules: null, distinct: 41), CancellationToken.None);
        var reader = new ChunkReader(postgres.Source);

        var kept = await reader.Unledgered(id, Now, TimeSpan.FromMinutes(10), CancellationToken.None);

        Assert.Equal([(1L, (double?)5, 2), (2L, null, 2)], kept.Select(chunk => (chunk.Feedback.Chunk, chunk.Feedback.EnergyJoules, chunk.Feedback.Layers.Count)));
        Assert.Equal(((long)2048, 16d, 40d), (kept[0].Feedback.Tokens, kept[0].Feedback.BatchTokens, kept[0].Feedback.Layers[0].DistinctExpertsMean));
        Assert.Equal([1000L, 3096L], kept[0].Feedback.Layers[1].ExpertCounts);
        await new LedgerStore(postgres.Source).Save(id, [new(Now.AddMinutes(1), -1, 1, 1, 1, null, [])], CancellationToken.None);
        Assert.Empty(await reader.Unledgered(id, Now, TimeSpan.FromMinutes(10), CancellationToken.None));
    }

    [Fact]
    public async Task Usage_history_past_its_retention_is_dropped_by_the_day()
    {
        await EnsureChunkPartitions.Create(postgres.Source, CancellationToken.None);
        await using (var old = postgres.Source.CreateCommand("create table routing.chunk_20200101 partition of routing.chunk for values from ('2020-01-01 00:00:00+00') to ('2020-01-02 00:00:00+00')"))
        {
            await old.ExecuteNonQueryAsync();
        }

        await EnsureChunkPartitions.Drop(postgres.Source, Now.AddDays(-30), CancellationToken.None);

        Assert.Equal(0L, await Scalar("select count(*) from pg_class where relname = 'chunk_20200101'"));
        Assert.Equal(1L, await Scalar("select count(*) from pg_class where relname = 'chunk_' || to_char(now() at time zone 'utc', 'YYYYMMDD')"));
    }

    private static DeploymentDescription Describe(int experts) => new()
    {
        Model = "test", Layers = 2, Experts = experts, TopK = 2, Gate = GateFunction.Softmax, BiasSpace = BiasSpace.Logit, Replicas = [new ReplicaDescription { Id = "a", Gpus = ["GPU-1"] }],
    };

    private static ChunkRecord Record(int id, long chunk, long block = 0, SteeringArm arm = SteeringArm.Treated, double? joules = 1, double distinct = 8) => new(
        id,
        new ChunkFeedback
        {
            Replica = "a", Chunk = chunk, Epoch = 0, Arm = arm, Tokens = 2048, Phase = InferencePhase.Decode, BatchTokens = 16, EnergyJoules = joules,
            Layers = [.. Enumerable.Range(0, 2).Select(layer => new LayerFeedback
            {
                Layer = layer, ExpertCounts = [1000, 3096], MeanGateProbability = [0.3f, 0.7f], DistinctExpertsMean = distinct, RetainedMassMean = 0.985, RetainedMassP01 = 0.93,
            })],
        },
        block,
        [2, 2],
        Now);

    private static SteeringEpoch Epoch(long number, DateTimeOffset issued, float bias) => new()
    {
        Epoch = number, Arm = SteeringArm.Treated, PolicyVersion = 3, BiasSpace = BiasSpace.Logit, ExpiresAt = issued.AddSeconds(60),
        Layers = [.. Enumerable.Range(0, 2).Select(layer => new LayerSteering { Layer = layer, Strategy = "EnergyAwareTTT", Bias = [bias, -bias], GuardBound = 0.95, BatchAware = "consolidate" })],
    };

    private async Task<int> Deployment(string name) => (await new DeploymentStore(postgres.Source).Save(name, Describe(2), Now, CancellationToken.None)).Id;

    private async Task<long> Scalar(string sql)
    {
        await using var command = postgres.Source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}

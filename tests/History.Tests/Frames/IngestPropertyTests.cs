using CsCheck;
using EnergyTTT.History.Frames;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Npgsql;
using Xunit;

namespace EnergyTTT.History.Tests.Frames;

/// <summary>Whatever batches come, in whatever order, with whatever repetitions and at once: each identity is stored once and acknowledged as accepted once.</summary>
public sealed class IngestPropertyTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly DateTimeOffset Base = new(TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddDays(-1).AddHours(23.99), TimeSpan.Zero);

    // Few GPUs, boots and sequences, so that batches collide often; times follow from the identity and cross midnight.
    private static readonly Gen<(int Gpu, int Boot, int Sequence)> Identity = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 1], Gen.Int[0, 80]);
    private static readonly Gen<(int Gpu, int Boot, int Sequence)[][]> Batches = Identity.Array[0, 40].Array[1, 12];
    private WriterUnderTest _history = null!; // InitializeAsync sets it before any test.

    public async Task InitializeAsync() => _history = await WriterUnderTest.Start(postgres.ConnectionString);

    public async Task DisposeAsync() => await _history.DisposeAsync();

    [Fact]
    public async Task Random_batches_agree_with_a_model_in_memory() =>
        await Batches.SampleAsync(
            async batches =>
            {
                // Boots of their own keep the samples apart.
                var world = Guid.NewGuid().ToString("N");
                var sent = batches.SelectMany(items => items.GroupBy(item => item.Boot).Select(boot => (Boot: $"{world}-{boot.Key}", Frames: boot.Select(Frame).ToList()))).ToList();

                var receipts = await Task.WhenAll(sent.Select(batch => Write(batch.Boot, batch.Frames)));

                var accepted = new HashSet<(string, GpuId, long)>();
                for (var i = 0; i < sent.Count; i++)
                {
                    Assert.Equal(sent[i].Frames.Count, receipts[i].Accepted + receipts[i].Duplicates);
                    for (var f = 0; f < sent[i].Frames.Count; f++)
                    {
                        if (!receipts[i].DuplicateIndexes.Contains(f))
                        {
                            Assert.True(accepted.Add((sent[i].Boot, sent[i].Frames[f].Gpu, sent[i].Frames[f].Sequence)), "accepted twice");
                        }
                    }
                }

                var model = sent.SelectMany(batch => batch.Frames.Select(frame => (batch.Boot, frame.Gpu, frame.Sequence))).ToHashSet();
                Assert.Equal(model.Count, accepted.Count);
                Assert.Equal(model, await Stored(world));
            },
            iter: 60,
            threads: 2);

    private static Frame Frame((int Gpu, int Boot, int Sequence) item) =>
        TelemetryBatches.Frame(GpuId.Parse($"GPU-property-{item.Gpu}"), item.Sequence, Base.AddSeconds(item.Sequence), item.Sequence);

    private Task<WriteReceipt> Write(string boot, List<Frame> frames)
    {
        var batch = TelemetryBatches.Make("property-host", Base, gpus: 0, seconds: 0, boot: boot);
        return _history.Writer.Write(batch, frames, TimeProvider.System.GetUtcNow(), CancellationToken.None);
    }

    private async Task<HashSet<(string, GpuId, long)>> Stored(string world)
    {
        await using var command = postgres.Source.CreateCommand(
            """
            select b.name, g.uuid, f.sequence
            from telemetry.frame f
            join telemetry.boot b using (boot_id)
            join telemetry.gpu g using (gpu_id)
            where b.name like $1 || '-%'
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = world });
        await using var reader = await command.ExecuteReaderAsync();
        var stored = new HashSet<(string, GpuId, long)>();
        while (await reader.ReadAsync())
        {
            Assert.True(stored.Add((reader.GetString(0), GpuId.Parse(reader.GetString(1)), reader.GetInt64(2))), "stored twice");
        }

        return stored;
    }
}

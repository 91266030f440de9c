using System.Buffers.Binary;
using System.Security.Cryptography;
using EnergyTTT.Client.Epochs;
using EnergyTTT.Client.Http;
using EnergyTTT.Client.Steering;
using EnergyTTT.Selection.Signatures;
using EnergyTTT.Client.Tests.Servers;
using EnergyTTT.Wire.Deployments;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace EnergyTTT.Client.Tests.Steering;

public sealed class FleetSteeringTests
{
    [Fact]
    public async Task Without_an_epoch_selection_is_plain_top_k_bit_for_bit()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server));
        var logits = Engine.Logits(1);

        Assert.Equal(Engine.Plain(logits), Engine.Step(steering, logits));
        Assert.False(steering.Status.Steers);
    }

    [Fact]
    public async Task An_epoch_steers_the_selection_and_its_receipt_carries_the_digest_of_all_biases()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        server.Issue(Engine.Epoch(41, TimeProvider.System.GetUtcNow().AddMinutes(1)));
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server));
        var logits = Engine.Logits(2);

        var steered = Engine.Step(steering, logits);
        await Engine.Until(() => !server.Receipts.IsEmpty, "the receipt");

        Assert.True(steered.Count(expert => expert == 0) > Engine.Plain(logits).Count(expert => expert == 0));
        Assert.True(steered.Count(expert => expert == 1) < Engine.Plain(logits).Count(expert => expert == 1));
        Assert.True(server.Receipts.TryPeek(out var receipt));
        Assert.Equal(new AppliedEpoch { Replica = "a", Epoch = 41, RanksApplied = 1, BiasSha256 = Digest([2, -2, 0, 0, 0, 0, 0, 0, 2, -2, 0, 0, 0, 0, 0, 0]) }, receipt);
        Assert.All(server.Keys, key => Assert.Equal("Bearer ettt_test", key));
    }

    [Fact]
    public async Task The_held_out_arm_runs_plain_top_k_under_the_epochs_number()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        server.Issue(Engine.Epoch(5, TimeProvider.System.GetUtcNow().AddMinutes(1), SteeringArm.HeldOut));
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server));
        var logits = Engine.Logits(3);

        var chosen = Engine.Step(steering, logits);
        await Engine.Until(() => !server.Feedback.IsEmpty, "the feedback", () => Engine.Step(steering, logits));

        Assert.Equal(Engine.Plain(logits), chosen);
        Assert.True(server.Feedback.TryPeek(out var sent));
        Assert.Equal((5, SteeringArm.HeldOut), (sent.Feedback.Epoch, sent.Feedback.Arm));
    }

    [Fact]
    public async Task An_epoch_that_is_not_renewed_ends_by_the_monotonic_clock()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero));
        await using var server = new FakeServer(() => clock.GetUtcNow());
        server.Issue(Engine.Epoch(1, clock.GetUtcNow().AddSeconds(60)));
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server, clock));
        await Engine.Until(clock, () => steering.Status.Epoch == 1, "the epoch");
        var logits = Engine.Logits(4);
        var before = Engine.Step(steering, logits);

        clock.Advance(TimeSpan.FromSeconds(61));
        var after = Engine.Step(steering, logits);

        Assert.NotEqual(Engine.Plain(logits), before);
        Assert.Equal(Engine.Plain(logits), after);
    }

    [Fact]
    public async Task The_server_away_for_ten_minutes_leaves_the_engine_unsteered_and_it_comes_back_by_itself()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero));
        var server = new FakeServer(() => clock.GetUtcNow());
        server.Issue(Engine.Epoch(1, clock.GetUtcNow().AddSeconds(60)));
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server, clock) with { OutboxLimit = 8 });
        await Engine.Until(clock, () => steering.Status.Epoch == 1, "the epoch");
        var logits = Engine.Logits(5);
        var port = server.Port;
        await server.DisposeAsync();

        for (var second = 0; second < 600; second += 2)
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            Engine.Step(steering, logits);
            if (second % 60 == 0)
            {
                await Task.Delay(5);
            }
        }

        Assert.Equal(Engine.Plain(logits), Engine.Step(steering, logits));
        Assert.Equal(0, steering.Status.Epoch);
        Assert.True(steering.Status.Waiting <= 8);

        await using var back = new FakeServer(() => clock.GetUtcNow(), port);
        back.Issue(Engine.Epoch(7, clock.GetUtcNow().AddHours(1)));
        await Engine.Until(clock, () => steering.Status.Epoch == 7 && !back.Feedback.IsEmpty, "steering again", 0.5);

        Assert.NotEqual(Engine.Plain(logits), Engine.Step(steering, logits));
    }

    [Fact]
    public async Task A_bias_of_another_space_is_refused_at_the_door()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        server.Issue(Engine.Epoch(1, TimeProvider.System.GetUtcNow().AddMinutes(1), space: BiasSpace.SigmoidScore));

        var refusal = await Assert.ThrowsAsync<SteeringMismatchException>(() => FleetSteering.ConnectAsync(Engine.Options(server)));

        Assert.Contains("'sigmoid_score'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'logit'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bias_of_another_space_in_mid_flight_ends_steering()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        server.Issue(Engine.Epoch(1, TimeProvider.System.GetUtcNow().AddMinutes(1)));
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server));
        Assert.True(steering.Status.Steers);

        server.Issue(Engine.Epoch(2, TimeProvider.System.GetUtcNow().AddMinutes(1), space: BiasSpace.SoftmaxScore));
        await Engine.Until(() => steering.Status.LastProblem is SteeringMismatchException, "the refusal");

        Assert.False(steering.Status.Steers);
        Assert.Equal(Engine.Plain(Engine.Logits(6)), Engine.Step(steering, Engine.Logits(6)));
    }

    [Fact]
    public async Task A_revoked_key_is_said_at_the_door()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow()) { Refusal = (401, """{"code":"key_revoked","detail":"this key was revoked"}""") };

        var refusal = await Assert.ThrowsAsync<SteeringRefusedException>(() => FleetSteering.ConnectAsync(Engine.Options(server)));

        Assert.Equal("key_revoked", refusal.Code);
    }

    [Fact]
    public async Task A_server_that_is_away_does_not_keep_an_engine_from_starting()
    {
        var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        var options = Engine.Options(server) with { FirstEpochWait = TimeSpan.FromMilliseconds(50) };
        await server.DisposeAsync();

        await using var steering = await FleetSteering.ConnectAsync(options);

        Assert.Equal(Engine.Plain(Engine.Logits(7)), Engine.Step(steering, Engine.Logits(7)));
        Assert.Null(await steering.PlaceAsync(null));
    }

    [Fact]
    public async Task A_chunk_never_spans_two_epochs_and_feedback_adds_up_to_what_was_selected()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        server.Issue(Engine.Epoch(1, TimeProvider.System.GetUtcNow().AddMinutes(1), step: "consolidate"));
        var steps = 0;
        await using (var steering = await FleetSteering.ConnectAsync(Engine.Options(server)))
        {
            for (; steps < 10; steps++)
            {
                Engine.Step(steering, Engine.Logits(steps));
            }

            server.Issue(Engine.Epoch(2, TimeProvider.System.GetUtcNow().AddMinutes(1)));
            await Engine.Until(() => steering.Status.Epoch == 2, "the second epoch");
            for (; steps < 20; steps++)
            {
                Engine.Step(steering, Engine.Logits(steps));
                await Task.Delay(10);
            }
        }

        // A chunk whose answer was cut off by the end of steering comes once more, under its number.
        var sent = server.Feedback.Select(each => each.Feedback).DistinctBy(chunk => chunk.Chunk).ToList();
        Assert.Equal(steps * Engine.Batch, sent.Sum(chunk => chunk.Tokens));
        Assert.Equal([1, 2], sent.Select(chunk => chunk.Epoch).Distinct().Order());
        Assert.Equal(10 * Engine.Batch, sent.Where(chunk => chunk.Epoch == 1).Sum(chunk => chunk.Tokens));
        Assert.All(sent, chunk =>
        {
            Assert.Equal(BiasSpace.Logit, chunk.BiasSpace);
            Assert.Equal(Engine.Batch, chunk.BatchTokens);
            Assert.Equal(Engine.Layers, chunk.Layers.Count);
            Assert.All(chunk.Layers, layer =>
            {
                Assert.InRange(layer.ExpertCounts.Sum(), 1, chunk.Tokens * Engine.TopK);
                Assert.Equal(1, layer.MeanGateProbability.Sum(), 4);
                Assert.Equal(chunk.Tokens, layer.MarginHistogram!.Sum());
                Assert.InRange(layer.RetainedMassMean!.Value, 0.5, 1);
                Assert.InRange(layer.RetainedMassP01!.Value, 0.5, layer.RetainedMassMean.Value);
                Assert.InRange(layer.DistinctExpertsMean!.Value, 2, Engine.Experts);
            });
        });
        Assert.Equal(sent.Select(chunk => chunk.Chunk).Order(), sent.Select(chunk => chunk.Chunk));
        Assert.All(sent, chunk => Assert.Equal(1, Math.Sqrt(chunk.Signature!.Sum(value => (double)value * value)), 4));
    }

    [Fact]
    public async Task A_gate_sample_holds_rows_of_the_logits_as_float16()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        var logits = Engine.Logits(8);
        await using (var steering = await FleetSteering.ConnectAsync(Engine.Options(server)))
        {
            Engine.Step(steering, logits);
        }

        var layer = server.Feedback.Single().Feedback.Layers[1];
        var bytes = Convert.FromBase64String(layer.GateSample!);
        var expected = logits.Select(logit => (Half)logit);

        Assert.Equal(16 * Engine.Experts * 2, bytes.Length);
        Assert.Equal(expected, Enumerable.Range(0, bytes.Length / 2).Select(i => BinaryPrimitives.ReadHalfLittleEndian(bytes.AsSpan(i * 2))));
    }

    [Fact]
    public async Task Feedback_is_repeated_unchanged_until_the_server_has_it()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        server.Answers.Enqueue((503, """{"code":"busy"}"""));
        server.Answers.Enqueue((200, """{"epoch":9,"arm":"treated","policy_version":1,"bias_space":"logit","expires_at":"2100-01-01T00:00:00Z","layers":[{"layer":0,"strategy":"s","guard_bound":0.9,"batch_aware":"none"},{"layer":1,"strategy":"s","guard_bound":0.9,"batch_aware":"none"}]}"""));
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server) with { ChunkTokens = 16 });
        Engine.Step(steering, Engine.Logits(9));
        Engine.Step(steering, Engine.Logits(9));

        await Engine.Until(() => steering.Status.Epoch == 9, "the epoch in the answer");

        var bodies = server.Feedback.Select(each => each.Body).ToList();
        Assert.Equal(2, bodies.Count);
        Assert.Equal(bodies[0], bodies[1]);
        Assert.Equal(1, steering.Status.Retried);
    }

    [Fact]
    public async Task Feedback_that_the_server_refuses_is_not_said_again()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        server.Answers.Enqueue((422, """{"code":"vector_length","detail":"layer 0"}"""));
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server) with { ChunkTokens = 16 });
        Engine.Step(steering, Engine.Logits(9));
        Engine.Step(steering, Engine.Logits(9));

        await Engine.Until(() => steering.Status.Refused == 1, "the refusal");
        await Engine.Until(() => steering.Status.Posted >= 1, "the next chunk", () => Engine.Step(steering, Engine.Logits(9)));

        var chunks = server.Feedback.Select(each => each.Feedback.Chunk).ToList();
        Assert.Equal(chunks.Distinct(), chunks);
    }

    [Fact]
    public async Task A_replica_is_signed_by_what_it_decodes_and_resembles_a_prompt_that_uses_the_same_experts()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server));
        var logits = Engine.Logits(8);
        await Engine.Until(() => server.Feedback.Count > 2, "feedback", () => Engine.Step(steering, logits));
        var usage = server.Feedback.First().Feedback.Layers.SelectMany(layer => layer.ExpertCounts).Select(count => (float)count).ToArray();

        var alike = steering.SignatureOf(usage)!;
        var other = steering.SignatureOf([.. usage.Select((count, i) => usage[i ^ 1])])!;

        var replica = server.Feedback.Last().Feedback.Signature!.ToArray();
        Assert.Equal(1, SignatureSimilarity.Cosine(alike, replica), 3);
        Assert.True(SignatureSimilarity.Cosine(other, replica) < 0.9);
        Assert.Null(steering.SignatureOf(new float[usage.Length]));
    }

    [Fact]
    public async Task A_placement_comes_with_its_reasons()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server) with { PlacementTimeout = TimeSpan.FromSeconds(5) });

        var answer = await steering.PlaceAsync(new float[64], 100);

        Assert.Equal(new PlacementAnswer("b", new PlacementReasons(1.5, 0, 0.25)), answer);
    }

    [Fact]
    public async Task Selecting_allocates_nothing_once_the_batch_is_known()
    {
        await using var server = new FakeServer(() => TimeProvider.System.GetUtcNow());
        server.Issue(Engine.Epoch(1, TimeProvider.System.GetUtcNow().AddMinutes(1), step: "consolidate"));
        await using var steering = await FleetSteering.ConnectAsync(Engine.Options(server));
        var logits = Engine.Logits(10);
        var experts = new int[Engine.Batch * Engine.TopK];
        var weights = new float[Engine.Batch * Engine.TopK];
        SteeredLayer first = steering.Layer(0), second = steering.Layer(1);
        for (var warm = 0; warm < 200; warm++)
        {
            first.Select(logits, Engine.Batch, experts, weights);
            second.Select(logits, Engine.Batch, experts, weights);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < 1000; step++)
        {
            first.Select(logits, Engine.Batch, experts, weights);
            second.Select(logits, Engine.Batch, experts, weights);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Options_name_everything_that_is_wrong()
    {
        var options = new FleetSteeringOptions(new Uri("ftp://x"), "", "d", "r", Engine.Shape, 0) { ChunkTokens = 1 };

        var error = Assert.Throws<ArgumentException>(options.Validate);

        Assert.Contains("ftp://x", error.Message, StringComparison.Ordinal);
        Assert.Contains("Key is empty", error.Message, StringComparison.Ordinal);
        Assert.Contains("Layers is 0: give 1 to 1024", error.Message, StringComparison.Ordinal);
        Assert.Contains("ChunkTokens is 1: give 16", error.Message, StringComparison.Ordinal);
    }

    private static string Digest(float[] biases)
    {
        var bytes = new byte[biases.Length * 4];
        for (var i = 0; i < biases.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 4), biases[i]);
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}

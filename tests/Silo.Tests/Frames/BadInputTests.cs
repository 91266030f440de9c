using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text;
using CsCheck;
using EnergyTTT.History;
using EnergyTTT.History.Access;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Partitions;
using EnergyTTT.Silo.Frames;
using EnergyTTT.Testing.Databases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;
using Xunit.Abstractions;

namespace EnergyTTT.Silo.Tests.Frames;

/// <summary>100,000 generated batches through the real intake, writer and PostgreSQL. Each case names the answer it must get.</summary>
public sealed class BadInputTests(PostgresFixture database, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Batches = 100_000;
    private const int AtOnce = 128;

    [Fact]
    public async Task A_hundred_thousand_batches_get_the_codes_they_must_and_nothing_bad_is_stored()
    {
        var services = new ServiceCollection().AddLogging().AddMetrics().AddHistory(database.ConnectionString);
        await using var provider = services.BuildServiceProvider();
        var writer = provider.GetRequiredService<FrameWriter>();
        await writer.StartAsync(CancellationToken.None);
        var intake = Intake(provider, writer);
        var grant = new ApiKeyGrant("test", ApiKeyRoles.Agent, ["host-1"], []);
        var faults = new ConcurrentBag<string>();
        var seen = new ConcurrentDictionary<string, int>();
        long accepted = 0;

        await Parallel.ForAsync(0, Batches, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (number, cancellationToken) =>
        {
            var made = BadBatches.Make(number);
            IntakeAnswer answer;
            while ((answer = await intake.Accept(made.Json, grant, cancellationToken)).Status == 429)
            {
                await Task.Delay(20, cancellationToken);
            }

            seen.AddOrUpdate(made.Kind, 1, (_, count) => count + 1);
            var codes = string.Join(',', (answer.Receipt ?? answer.Problem?.Receipt)?.Rejected.Select(item => item.Code).Order() ?? Enumerable.Empty<string>());
            var expected = string.Join(',', made.Codes.Order());
            if (answer.Status != made.Status || codes != expected || answer.Problem?.Code != made.Problem)
            {
                faults.Add($"{made.Kind}: {answer.Status} {answer.Problem?.Code} [{codes}] instead of {made.Status} {made.Problem} [{expected}]: {Encoding.UTF8.GetString(made.Json)[..Math.Min(600, made.Json.Length)]}");
            }

            Interlocked.Add(ref accepted, answer.Receipt?.Accepted ?? 0);
        });

        await writer.StopAsync(CancellationToken.None);
        output.WriteLine(string.Join('\n', seen.OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => $"{kind.Key}: {kind.Value}")));
        Assert.Empty(faults.Take(5));
        Assert.Equal(Batches, seen.Values.Sum());
        Assert.True(seen.Count >= 30, $"only {seen.Count} kinds of batch were made");
        Assert.Equal(accepted, await Count("true"));

        // Everything that was stored is good: whatever slipped through would show here.
        Assert.Equal(0, await Count(
            """
            power_average_watts not between 0 and 1050 or power_max_watts not between 0 and 1050 or temperature_celsius not between -20 and 130
            or memory_temperature_celsius not between -20 and 130 or utilization_ratio not between 0 and 1 or memory_used_bytes not between 0 and 1e15
            or energy_joules not between 0 and 1400 or seconds not between 0 and 3600 or sequence < 0 or time > now() + interval '5 minutes'
            or time < now() - interval '3 days 1 hour' or power_average_watts = 'NaN' or tokens < 0 or sm_clock_hertz < 0
            """));
    }

    private static TelemetryIntake Intake(IServiceProvider provider, IFrameWriter writer)
    {
        var options = Options.Create(new IntakeOptions());
        var feed = new GpuFeed(DispatchProxy.Create<IGrainFactory, NoGrains>(), TimeProvider.System, NullLogger<GpuFeed>.Instance);
        return new TelemetryIntake(
            writer,
            feed,
            new Quarantine(options),
            new IntakeInstruments(provider.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()),
            TimeProvider.System,
            options,
            provider.GetRequiredService<IOptions<RetentionOptions>>());
    }

    private async Task<long> Count(string condition)
    {
        await using var command = database.Source.CreateCommand("select count(*) from telemetry.frame where " + condition);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The live view is not under test here: its calls lead nowhere.</summary>
    public class NoGrains : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => null;
    }
}

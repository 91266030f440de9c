using System.Text.Json;
using EnergyTTT.History.Access;
using EnergyTTT.Silo.Frames;
using EnergyTTT.Telemetry.Replays;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Demos;

/// <summary>
/// 64 virtual GPUs that play the recorded H100 through the real intake, bytes and all. Every frame says <c>replayed</c>, every host
/// begins with <c>replay-</c>; nothing of it can be taken for a measurement of this fleet.
/// </summary>
internal sealed partial class ReplayDemo(TelemetryIntake intake, TimeProvider time, ILogger<ReplayDemo> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly ApiKeyGrant Grant = new("demo", ApiKeyRoles.Agent, [], []);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var source = new ReplaySource(new ReplayOptions { Backfill = TimeSpan.FromMinutes(2) }, time);
        LogStarted(source.Hosts.Sum(host => host.Gpus.Length));
        try
        {
            await foreach (var batch in source.Read(stoppingToken))
            {
                await Send(batch, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; so does its demo.
        }
    }

    private async Task Send(TelemetryBatch batch, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(batch, WireJson.Default.TelemetryBatch);
        while (await intake.Accept(json, Grant, cancellationToken) is { Problem: { } problem })
        {
            if (problem.Status != 429)
            {
                LogRefused(batch.Host, problem.Code, problem.Detail);
                return;
            }

            await Task.Delay(problem.RetryAfter ?? Pause, time, cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Information, "The demo plays the recorded H100 as {Gpus} virtual GPUs; all of their frames are marked as replayed")]
    private partial void LogStarted(int gpus);

    [LoggerMessage(LogLevel.Warning, "The demo's batch of {Host} was refused: {Code} {Detail}")]
    private partial void LogRefused(string host, string code, string? detail);
}

using EnergyTTT.Contracts.Runs;
using EnergyTTT.History.Runs;
using EnergyTTT.Wire.Runs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace EnergyTTT.Grains.Runs;

/// <inheritdoc cref="IRunGrain"/>
/// <remarks>The run itself lives in the history, which decides; the grain gives it one place and watches its recorder: by a timer while it is awake, by a reminder if its silo dies with the recorder.</remarks>
[GrainType("run")]
public sealed partial class RunGrain(RunStore store, IOptions<RunOptions> options, TimeProvider clock, ILogger<RunGrain> log) : Grain, IRunGrain, IRemindable
{
    private const string Watch = "silence";

    // The shortest period that reminders know.
    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(1);

    private Guid _id;
    private IGrainTimer? _timer;
    private bool _watched;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        if (!key.StartsWith("run/", StringComparison.Ordinal) || !Guid.TryParseExact(key["run/".Length..], "D", out _id))
        {
            throw new ArgumentException($"'{key}' is no key of a run: 'run/UUID' expected.");
        }

        return base.OnActivateAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<RunDecision> Start(RunBundle bundle, string recorder, CancellationToken cancellationToken = default) => Follow(store.Start(bundle, recorder, cancellationToken));

    /// <inheritdoc/>
    public Task<RunDecision> Record(RunTrial trial, string recorder, CancellationToken cancellationToken = default) => Follow(store.Record(_id, trial, recorder, cancellationToken));

    /// <inheritdoc/>
    public Task<RunDecision> Beat(string recorder, CancellationToken cancellationToken = default) => Follow(store.Beat(_id, recorder, cancellationToken));

    /// <inheritdoc/>
    public Task<RunDecision> Finish(RunBundle bundle, string recorder, CancellationToken cancellationToken = default) => Follow(store.Finish(bundle, recorder, cancellationToken));

    /// <inheritdoc/>
    public Task ReceiveReminder(string reminderName, TickStatus status) => Look(CancellationToken.None);

    private async Task<RunDecision> Follow(Task<RunDecision> decided)
    {
        var decision = await decided;
        if (decision is { State: RunState.Running, Outcome: RunOutcome.Recorded or RunOutcome.Unchanged })
        {
            var pace = TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerSecond / 2, options.Value.Silence.Ticks / 4));
            _timer ??= this.RegisterGrainTimer(Look, new GrainTimerCreationOptions(pace, pace) { KeepAlive = true });
            if (!_watched)
            {
                await this.RegisterOrUpdateReminder(Watch, ReminderPeriod, ReminderPeriod);
                _watched = true;
            }
        }
        else if (decision.State is not null)
        {
            await StopWatching();
        }

        return decision;
    }

    private async Task Look(CancellationToken cancellationToken)
    {
        if (await store.AbortSilent(_id, clock.GetUtcNow() - options.Value.Silence, cancellationToken))
        {
            LogAborted(log, _id, options.Value.Silence);
        }

        if (await store.Heard(_id, cancellationToken) is null)
        {
            await StopWatching();
        }
    }

    private async Task StopWatching()
    {
        _timer?.Dispose();
        (_timer, _watched) = (null, false);
        if (await this.GetReminder(Watch) is { } reminder)
        {
            await this.UnregisterReminder(reminder);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} was recorded as aborted: its recorder was silent for longer than {Silence}")]
    private static partial void LogAborted(ILogger log, Guid run, TimeSpan silence);
}

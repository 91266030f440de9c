using System.Threading.Channels;
using EnergyTTT.History.Frames;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History.Deployments;

/// <summary>
/// Writes chunks of feedback in groups, one transaction each. The answer follows the commit; a chunk that was counted before is a
/// duplicate and changes nothing.
/// </summary>
public sealed partial class FeedbackWriter(NpgsqlDataSource dataSource, IOptions<FeedbackOptions> options, TimeProvider clock, ILogger<FeedbackWriter> logger)
    : BackgroundService
{
    private readonly Channel<Waiting> _queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(options.Value.QueueCapacity) { SingleReader = true });

    /// <summary>Stores a chunk; true when it is new, false when it had been counted before.</summary>
    /// <exception cref="WriterBusyException">The queue is full or the database is away; nothing was stored.</exception>
    public Task<bool> Write(ChunkRecord record, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(record, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        return _queue.Writer.TryWrite(waiting) ? waiting.Done.Task.WaitAsync(cancellationToken) : throw Busy(null);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var prepared = DateOnly.MinValue;
        var group = new List<Waiting>(options.Value.GroupSize);
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (group.Count < options.Value.GroupSize && _queue.Reader.TryRead(out var waiting))
            {
                group.Add(waiting);
            }

            try
            {
                var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
                if (today != prepared)
                {
                    await EnsureChunkPartitions.Create(dataSource, CancellationToken.None);
                    await EnsureChunkPartitions.Drop(dataSource, clock.GetUtcNow() - options.Value.Retention, CancellationToken.None);
                    prepared = today;
                }

                var isNew = await InsertChunks.Execute(dataSource, [.. group.Select(waiting => waiting.Record)], CancellationToken.None);
                for (var i = 0; i < group.Count; i++)
                {
                    group[i].Done.TrySetResult(isNew[i]);
                }
            }
            catch (Exception error) when (error is NpgsqlException or TimeoutException or IOException)
            {
                // What is unknown is answered as "try again": the receipts make the repetition harmless.
                LogFailed(error, group.Count);
                group.ForEach(waiting => waiting.Done.TrySetException(Busy(error)));
            }

            group.Clear();
        }
    }

    /// <inheritdoc/>
    public override Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        return base.StopAsync(cancellationToken);
    }

    private static WriterBusyException Busy(Exception? cause) => new("Feedback cannot be stored right now: the database is busy or away. Try again.", TimeSpan.FromSeconds(1), cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Chunks} chunks of feedback could not be stored; their engines were asked to try again")]
    private partial void LogFailed(Exception error, int chunks);

    private sealed record Waiting(ChunkRecord Record, TaskCompletionSource<bool> Done);
}

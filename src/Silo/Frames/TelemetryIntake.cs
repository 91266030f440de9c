using EnergyTTT.History.Access;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Partitions;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Silo.Frames;

/// <summary>
/// The road of a batch from its bytes to its receipt: read, judge item by item, store, acknowledge, tell the grains. The receipt exists
/// only once PostgreSQL has committed; the grains hear of a frame only then, so a failed commit never turns a retry into a false duplicate.
/// </summary>
public sealed class TelemetryIntake(
    IFrameWriter writer,
    GpuFeed feed,
    Quarantine quarantine,
    IntakeInstruments instruments,
    TimeProvider time,
    IOptions<IntakeOptions> options,
    IOptions<RetentionOptions> retention)
{
    private static readonly TimeSpan FullRetryAfter = TimeSpan.FromSeconds(1);
    private readonly GpuIdCache _ids = new();
    private int _atOnce;

    /// <summary>Takes a whole JSON body from the holder of <paramref name="grant"/>. Expected refusals are answers, not exceptions.</summary>
    public async Task<IntakeAnswer> Accept(ReadOnlyMemory<byte> json, ApiKeyGrant grant, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _atOnce) > options.Value.MostAtOnce)
        {
            Interlocked.Decrement(ref _atOnce);
            instruments.TurnedAway();
            return IntakeAnswer.Of(Busy("Too many batches are being taken at once.", FullRetryAfter));
        }

        try
        {
            var started = time.GetTimestamp();
            var batch = new BatchReader(_ids, options.Value).Read(json.Span);
            if (batch.Problem is not null)
            {
                return IntakeAnswer.Of(batch.Problem);
            }

            return grant.CoversHost(batch.Host!) // the reader refuses a batch without a host
                ? await Store(batch, started, cancellationToken)
                : IntakeAnswer.Of(new Problem(403, "host_not_in_scope", "The key is not for this host.", $"The key {grant.Id} may not send frames of host '{batch.Host}'. Make a key for that host."));
        }
        finally
        {
            Interlocked.Decrement(ref _atOnce);
        }
    }

    private async Task<IntakeAnswer> Store(ReadBatch read, long started, CancellationToken cancellationToken)
    {
        var received = time.GetUtcNow();
        Judge(read, received);
        foreach (var remark in read.Remarks)
        {
            instruments.Refused(remark.Code);
        }

        if (read.Frames.Count == 0 && read.Items > 0)
        {
            return IntakeAnswer.Of(new Problem(422, "nothing_accepted", "No frame of the batch is good.", $"All {read.Items} frames were refused; see receipt.rejected.")
            {
                Receipt = new TelemetryReceipt(0, 0, read.Remarks),
            });
        }

        var batch = read.ToBatch();
        WriteReceipt written;
        try
        {
            written = await writer.Write(batch, read.Frames, received, cancellationToken);
        }
        catch (WriterBusyException busy)
        {
            instruments.TurnedAway();
            return IntakeAnswer.Of(Busy(busy.Message, busy.RetryAfter));
        }

        feed.Post(batch, WithoutDuplicates(read.Frames, written), received);
        instruments.Acknowledged(written.Accepted, written.Duplicates, time.GetElapsedTime(started));
        return IntakeAnswer.Of(new TelemetryReceipt(written.Accepted, written.Duplicates, read.Remarks));
    }

    private void Judge(ReadBatch read, DateTimeOffset received)
    {
        var latest = received + options.Value.MostAhead;
        var oldest = received - retention.Value.Frames;
        var kept = 0;
        for (var i = 0; i < read.Frames.Count; i++)
        {
            var frame = read.Frames[i];
            if (FrameRules.Fault(frame, LimitWatts(read, frame), oldest, latest) is { } fault)
            {
                read.Remarks.Add(new RejectedItem(read.Positions[i], fault.Field, fault.Code, fault.Reason));
                if (fault.Code == RefusalCodes.ClockAhead)
                {
                    quarantine.Add(new QuarantinedFrame(received, read.Host!, read.Boot!, frame)); // the reader refuses a batch without them
                }

                continue;
            }

            read.Frames[kept] = frame;
            read.Positions[kept] = read.Positions[i];
            kept++;
        }

        read.Frames.RemoveRange(kept, read.Frames.Count - kept);
        read.Positions.RemoveRange(kept, read.Positions.Count - kept);
    }

    private double? LimitWatts(ReadBatch read, Frame frame)
    {
        foreach (var description in read.Gpus)
        {
            if (description.Gpu == frame.Gpu)
            {
                return description.PowerLimitMaxWatts;
            }
        }

        return feed.LimitWatts(frame.Gpu);
    }

    private static List<Frame> WithoutDuplicates(List<Frame> frames, WriteReceipt written)
    {
        if (written.Duplicates == 0)
        {
            return frames;
        }

        var duplicates = written.DuplicateIndexes.ToHashSet();
        return [.. frames.Where((_, index) => !duplicates.Contains(index))];
    }

    private static Problem Busy(string detail, TimeSpan retryAfter) =>
        new(429, "busy", "The server cannot take frames as fast as they come.", detail + " Nothing of the batch was stored; send the same batch again.") { RetryAfter = retryAfter };
}

using EnergyTTT.Grains.Gpus;
using EnergyTTT.Silo.Frames;

namespace EnergyTTT.Silo.Metrics;

/// <summary>The families of this process: what its intake took, refused and owes.</summary>
internal sealed class ProcessMetrics(IntakeInstruments intake, GpuFeed feed, Quarantine quarantine, GpuInstruments gpus, TimeProvider time)
{
    private readonly DateTimeOffset _started = time.GetUtcNow();

    /// <summary>Writes the families.</summary>
    public void Write(Exposition page)
    {
        page.Family("energyttt_intake_frames_accepted", "counter", "Frames stored for the first time.").Sample(intake.Accepted);
        page.Family("energyttt_intake_frames_duplicate", "counter", "Frames that had been stored before.").Sample(intake.Duplicates);
        page.Family("energyttt_intake_batches", "counter", "Batches acknowledged.").Sample(intake.Batches);
        page.Family("energyttt_intake_batches_busy", "counter", "Batches answered 429 because the database is behind or away.").Sample(intake.Busy);
        page.Family("energyttt_intake_frames_rejected", "counter", "Refusals and remarks by code.");
        foreach (var (code, count) in intake.Rejected)
        {
            page.Sample(count, "code", code);
        }

        page.Family("energyttt_intake_frames_quarantined", "counter", "Frames kept apart because their clock ran ahead.").Sample(quarantine.Count);
        page.Family("energyttt_view_frames_dropped", "counter", "Frames that did not reach their GPU's live window; the history has them.").Sample(feed.Dropped);
        page.Family("energyttt_gpu_frames_duplicate", "counter", "Frames that a GPU's grain had seen before.").Sample(gpus.Duplicates);
        page.Family("energyttt_gpu_frames_stale", "counter", "Frames that came too late for their GPU's window.").Sample(gpus.Stales);
        page.Family("process_resident_memory_bytes", "gauge", "Memory of this process.", "bytes").Sample(Environment.WorkingSet);
        page.Family("process_cpu_seconds", "counter", "Processor time of this process.", "seconds").Sample(Environment.CpuUsage.TotalTime.TotalSeconds);
        page.Family("process_start_time_seconds", "gauge", "When this process started, in Unix time.", "seconds").Sample(_started.ToUnixTimeMilliseconds() / 1000.0);
    }
}

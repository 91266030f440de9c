using System.Globalization;
using System.Net;
using EnergyTTT.History.Frames;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.Cli.Ingests;

/// <summary>What is asked of the benchmark.</summary>
internal sealed record IngestPlan(int Gpus, int Batch, double Rate, TimeSpan WarmUp, TimeSpan Paced, TimeSpan Full, int Rounds);

/// <summary>One phase with what it cost.</summary>
internal sealed record IngestPhase(LoadResult Load, StoredFrames Stored, ProcessCosts Costs)
{
    public bool Holds => Stored.Rows == Load.Accepted && Stored.Distinct == Stored.Rows && Load.Failed == 0;
}

/// <summary>What the benchmark found for one size of batch.</summary>
internal sealed record IngestFigures(int Batch, int Gpus, int Connections, double Rate, IngestPhase Paced, IReadOnlyList<IngestPhase> Full, IReadOnlyList<RawCopyResult> Raw);

/// <summary>Loads a server like a fleet of agents, checks in the database that every acknowledged frame is there once, and copies the same rows raw beside it.</summary>
internal sealed class IngestBenchmark(Uri server, string key, NpgsqlDataSource source, int serverProcess, int postmaster, Action<string> tell)
{
    private const int MostConnections = 500;
    private const int RawRows = 300_000;
    private const int RawConnections = 2;
    private static readonly TimeSpan MostBack = TimeSpan.FromHours(40);
    private readonly TimeProvider _time = TimeProvider.System;

    /// <summary>Runs the plan: warm-up, paced, then rounds of full speed and raw copy in turn.</summary>
    public async Task<IngestFigures> Run(IngestPlan plan, CancellationToken cancellationToken)
    {
        var count = Math.Max(1, plan.Gpus / plan.Batch);
        var turns = (count + MostConnections - 1) / MostConnections;
        var connections = Math.Max(1, count / turns);
        var boot = string.Create(CultureInfo.InvariantCulture, $"bench-{Guid.NewGuid():N}");
        var hosts = Hosts(plan, turns * connections, boot);
        var batchRate = plan.Rate / plan.Batch;

        // Paced frames are of now, as a fleet's are; at full speed hosts catch up with the past, as after an outage.
        ContinueFrom(hosts, _time.GetUtcNow());
        tell($"batches of {plan.Batch}: {hosts.Count} hosts, {hosts.Count * plan.Batch} GPUs, {connections} connections; warming up");
        await Phase(hosts, connections, batchRate, plan.WarmUp, boot, cancellationToken);
        await Phase(hosts, connections, null, plan.WarmUp / 2, boot, cancellationToken);
        tell($"paced: {plan.Rate:0} frames/s for {plan.Paced.TotalSeconds:0} s");
        ContinueFrom(hosts, _time.GetUtcNow());
        var paced = await Phase(hosts, connections, batchRate, plan.Paced, boot, cancellationToken);
        List<IngestPhase> full = [];
        List<RawCopyResult> raw = [];
        for (var round = 0; round < plan.Rounds; round++)
        {
            tell($"full speed, round {round + 1}");
            ContinueFrom(hosts, Past(plan, hosts.Count, round));
            full.Add(await Phase(hosts, connections, null, plan.Full, boot, cancellationToken));
            var rowsPerCommit = (int)Math.Max(1, full[^1].Stored.Rows / Math.Max(1, full[^1].Stored.Commits));
            tell($"raw copy of the same rows, {rowsPerCommit} rows a commit");
            raw.Add(await RawCopyBenchmark.Measure(source, RawFrames(hosts), rowsPerCommit, RawConnections, _time, cancellationToken));
        }

        return new IngestFigures(plan.Batch, hosts.Count * plan.Batch, connections, plan.Rate, paced, full, raw);
    }

    private List<BenchHost> Hosts(IngestPlan plan, int count, string boot) =>
        [.. Enumerable.Range(0, count).Select(number => new BenchHost(number, plan.Batch, boot, server.Authority, key, _time.GetUtcNow()))];

    /// <summary>A small fleet at full speed lives through many seconds in one; a round starts so far back that it does not arrive in the present.</summary>
    private DateTimeOffset Past(IngestPlan plan, int hosts, int round)
    {
        const double fastest = 200_000;
        var length = TimeSpan.FromSeconds(60 + (fastest * plan.Full.TotalSeconds / (hosts * plan.Batch)));
        var back = (plan.Rounds - round) * length;
        return _time.GetUtcNow() - (back < MostBack ? back : MostBack);
    }

    private static void ContinueFrom(List<BenchHost> hosts, DateTimeOffset moment)
    {
        foreach (var host in hosts)
        {
            host.ContinueFrom(moment);
        }
    }

    private async Task<IngestPhase> Phase(List<BenchHost> hosts, int connections, double? rate, TimeSpan duration, string boot, CancellationToken cancellationToken)
    {
        var since = _time.GetUtcNow();
        var before = ProcessCosts.Now(serverProcess, postmaster);
        var load = await new LoadPhase(hosts, new IPEndPoint(IPAddress.Loopback, server.Port), connections, rate, duration).Run(cancellationToken);
        var costs = ProcessCosts.Now(serverProcess, postmaster).Since(before);
        return new IngestPhase(load, await StoredFrames.Count(source, boot, since, cancellationToken), costs);
    }

    private static List<Frame> RawFrames(List<BenchHost> hosts)
    {
        List<Frame> frames = new(RawRows);
        for (var second = 0L; frames.Count < RawRows; second++)
        {
            foreach (var host in hosts)
            {
                frames.AddRange(host.Frames(second));
                if (frames.Count >= RawRows)
                {
                    break;
                }
            }
        }

        return frames;
    }
}

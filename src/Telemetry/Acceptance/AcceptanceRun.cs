using EnergyTTT.Telemetry.Nvml;

namespace EnergyTTT.Telemetry.Acceptance;

/// <summary>
/// Measures the sensors of one card as they are on this machine: ticks, agreement, cost, support. It only reads. What the card does meanwhile is the caller's
/// affair and goes into the label.
/// </summary>
public static class AcceptanceRun
{
    private const double WindowSeconds = 2;
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(2);
    private static readonly double[] Bounds = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

    private static readonly (uint Field, uint Scope, string Name)[] AskedFields =
    [
        (74, 0, "power cap time"), (82, 0, "memory temperature"), (83, 0, "total energy"), (185, 0, "power average, board"), (186, 0, "power instant, board"),
        (185, 1, "power average, module"), (186, 1, "power instant, module"), (185, 2, "power average, memory"), (186, 2, "power instant, memory"), (190, 0, "power limit in force"),
        (193, 0, "shutdown limit"), (194, 0, "slowdown limit"), (195, 0, "memory limit"), (196, 0, "GPU limit"),
        (269, 0, "software thermal time"), (270, 0, "hardware thermal time"), (271, 0, "power brake time"),
    ];

    /// <summary>Measures for about <paramref name="seconds"/> s, 6 or more, and half a minute more for what calls cost.</summary>
    /// <param name="index">The card's number in the driver's order.</param>
    /// <returns>The report, or null with the reason.</returns>
    public static AcceptanceReport? Measure(string libraryPath, int index, double seconds, string label, TimeProvider time, out string? fault)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seconds, 6);
        using var session = NvmlSession.TryOpen(libraryPath, time, out var code);
        fault = session is null ? code.Explain() : index < 0 || index >= session.Cards.Count ? $"there is no GPU number {index}: {session.Cards.Count} were found" : null;
        if (fault is not null)
        {
            return null;
        }

        // Guaranteed by the fault above.
        var card = session!.Cards[index];
        var polls = Poll(session, card, seconds, time);
        return new AcceptanceReport
        {
            Label = label,
            Time = time.GetUtcNow(),
            Gpu = card.Gpu.Value,
            Model = card.Description.Model,
            Driver = card.Description.Driver,
            Seconds = Math.Round(polls[^1].At - polls[0].At, 3),
            Polls = polls.Count,
            Ticks = [Ticks("energy counter", polls, p => p.Energy), Ticks("field 185", polls, p => p.Average), Ticks("field 186", polls, p => p.Instant), Ticks("nvmlDeviceGetPowerUsage", polls, p => p.Usage)],
            Power = Power(polls),
            Windows = [.. Windows(polls)],
            Latencies = [.. Latencies(session, card, time)],
            Fields = [.. AskedFields.Select(asked => Field(session, card, asked))],
        };
    }

    private static List<SensorPoll> Poll(NvmlSession session, NvmlCard card, double seconds, TimeProvider time)
    {
        var polls = new List<SensorPoll>();
        using var pause = new ManualResetEventSlim();
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began).TotalSeconds < seconds; pause.Wait(PollEvery))
        {
            var before = time.GetTimestamp();
            double? energy = session.Library.Energy(card.Device, out var millijoules) == NvmlReturn.Success ? millijoules : null;
            var middle = time.GetElapsedTime(began, before + (time.GetTimestamp() - before) / 2).TotalSeconds;
            Span<NvmlFieldValue> fields = [new(NvmlField.PowerAverage), new(NvmlField.PowerInstant)];
            session.Library.Fields(card.Device, fields);
            double? usage = session.Library.Power(card.Device, out var milliwatts) == NvmlReturn.Success ? milliwatts / 1000.0 : null;
            polls.Add(new SensorPoll(middle, energy, fields[0].Number / 1000, fields[1].Number / 1000, usage));
        }

        return polls;
    }

    private static TickReport Ticks(string sensor, List<SensorPoll> polls, Func<SensorPoll, double?> reading)
    {
        var changes = Changes(polls, reading);
        double[] intervals = [.. changes.Zip(changes.Skip(1), (a, b) => 1000 * (b.At - a.At)).Order()];
        return intervals.Length == 0
            ? new TickReport(sensor, changes.Count, null, null, null, null, null)
            : new TickReport(sensor, changes.Count, Share(intervals, 0.5), Share(intervals, 0.1), Share(intervals, 0.9), Math.Round(intervals[0], 2), Math.Round(intervals[^1], 2));
    }

    private static List<SensorPoll> Changes(List<SensorPoll> polls, Func<SensorPoll, double?> reading) =>
        [.. polls.Zip(polls.Skip(1)).Where(pair => reading(pair.First) is { } a && reading(pair.Second) is { } b && a != b).Select(pair => pair.Second)];

    private static PowerReport Power(List<SensorPoll> polls)
    {
        var ticks = Changes(polls, p => p.Energy);
        double? counter = ticks.Count > 1 ? (ticks[^1].Energy - ticks[0].Energy) / 1000 / (ticks[^1].At - ticks[0].At) : null;
        var (average, averageSpread) = Mean(polls, p => p.Average);
        var (instant, instantSpread) = Mean(polls, p => p.Instant);
        var (usage, usageSpread) = Mean(polls, p => p.Usage);
        return new PowerReport
        {
            CounterWatts = Round(counter),
            Field185Watts = Round(average),
            Field186Watts = Round(instant),
            PowerUsageWatts = Round(usage),
            Field185Spread = Round(averageSpread),
            Field186Spread = Round(instantSpread),
            PowerUsageSpread = Round(usageSpread),
            Field185OverCounter = Round(average / counter),
            Field186OverCounter = Round(instant / counter),
            PowerUsageOverCounter = Round(usage / counter),
        };

        static double? Round(double? value) => value is { } number ? Math.Round(number, 4) : null;
    }

    // Weighted by time, since polls are not evenly spaced.
    private static (double? Mean, double? Spread) Mean(List<SensorPoll> polls, Func<SensorPoll, double?> reading)
    {
        double weight = 0, mean = 0, squares = 0;
        foreach (var (first, second) in polls.Zip(polls.Skip(1)))
        {
            if (reading(first) is { } value)
            {
                var seconds = second.At - first.At;
                weight += seconds;
                var delta = value - mean;
                mean += delta * seconds / weight;
                squares += seconds * delta * (value - mean);
            }
        }

        return weight > 0 ? (mean, Math.Sqrt(squares / weight)) : (null, null);
    }

    private static IEnumerable<WindowReport> Windows(List<SensorPoll> polls)
    {
        if (polls.Exists(poll => poll.Energy is null))
        {
            yield break;
        }

        yield return Window("anywhere", polls, edge => edge);
        var ticks = Changes(polls, p => p.Energy);
        if (ticks.Count > 0)
        {
            yield return Window("on a tick of the counter", polls, edge => ticks.Find(tick => tick.At >= edge.At) ?? ticks[^1]);
        }
    }

    private static WindowReport Window(string edges, List<SensorPoll> polls, Func<SensorPoll, SensorPoll> align)
    {
        var watts = new List<double>();
        // Windows overlap by all but 0.37 s, which no tick divides, so that their edges fall everywhere within a tick.
        for (var start = polls[0].At; start + WindowSeconds + 0.2 < polls[^1].At; start += 0.37)
        {
            var first = align(polls.Find(poll => poll.At >= start)!);
            var last = align(polls.Find(poll => poll.At >= start + WindowSeconds)!);
            watts.Add((last.Energy!.Value - first.Energy!.Value) / 1000 / (last.At - first.At));
        }

        var mean = watts.Average();
        var deviation = Math.Sqrt(watts.Sum(value => (value - mean) * (value - mean)) / Math.Max(1, watts.Count - 1));
        return new WindowReport(edges, WindowSeconds, watts.Count, Math.Round(mean, 2), Math.Round(deviation, 3), Math.Round(100 * deviation / mean, 3));
    }

    private static IEnumerable<LatencyReport> Latencies(NvmlSession session, NvmlCard card, TimeProvider time)
    {
        var (nvml, device) = (session.Library, card.Device);
        (string Call, Func<NvmlReturn> Run)[] calls =
        [
            ("nvmlDeviceGetTotalEnergyConsumption", () => nvml.Energy(device, out _)),
            ("nvmlDeviceGetFieldValues [185, 186]", () => nvml.Fields(device, [new(NvmlField.PowerAverage), new(NvmlField.PowerInstant)])),
            ("nvmlDeviceGetFieldValues [83, 185, 186]", () => nvml.Fields(device, [new(NvmlField.TotalEnergy), new(NvmlField.PowerAverage), new(NvmlField.PowerInstant)])),
            ("nvmlDeviceGetPowerUsage", () => nvml.Power(device, out _)),
            ("power reading of the agent", () => card.ReadPower(withCounter: false, out _)),
            ("power and counter reading of the agent", () => card.ReadPower(withCounter: true, out _)),
            ("slow reading of the agent", () => card.ReadState(out _)),
        ];
        foreach (var (call, run) in calls)
        {
            yield return Latency(call, run, 300, TimeSpan.Zero, time);
            // The driver answers from a cache when it was asked just before: what a call costs is seen at the pace at which it is really made.
            yield return Latency(call + ", every 110 ms", run, 25, TimeSpan.FromMilliseconds(110), time);
        }
    }

    private static LatencyReport Latency(string call, Func<NvmlReturn> run, int calls, TimeSpan pause, TimeProvider time)
    {
        var micros = new double[calls];
        using var wait = new ManualResetEventSlim();
        run();
        for (var i = 0; i < calls; i++)
        {
            if (pause > TimeSpan.Zero)
            {
                wait.Wait(pause);
            }

            var began = time.GetTimestamp();
            run();
            micros[i] = time.GetElapsedTime(began).TotalMicroseconds;
        }

        Array.Sort(micros);
        var histogram = new int[Bounds.Length + 1];
        foreach (var duration in micros)
        {
            var bin = Array.FindIndex(Bounds, bound => duration <= bound);
            histogram[bin < 0 ? Bounds.Length : bin]++;
        }

        return new LatencyReport(call, calls, Share(micros, 0.5), Share(micros, 0.9), Share(micros, 0.99), Math.Round(micros[^1], 2), histogram);
    }

    private static FieldReport Field(NvmlSession session, NvmlCard card, (uint Field, uint Scope, string Name) asked)
    {
        Span<NvmlFieldValue> value = [new(asked.Field, asked.Scope)];
        var outer = session.Library.Fields(card.Device, value);
        var number = outer == NvmlReturn.Success ? value[0].Number : null;
        return new FieldReport(asked.Field, asked.Scope, asked.Name, number is not null, number, (int)(outer == NvmlReturn.Success ? value[0].Return : outer));
    }

    private static double Share(double[] sorted, double share) => Math.Round(sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)], 2);

    private sealed record SensorPoll(double At, double? Energy, double? Average, double? Instant, double? Usage);
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Cli.Ingests;

/// <summary>
/// A sender of the load: its whole HTTP request stands ready in one buffer, in which only the sequences and the time change, so that the
/// generator takes as little as possible of the processors that it shares with what it measures.
/// </summary>
internal sealed class BenchHost
{
    private const long FirstSequence = 1_000_000_000;
    private const string PlaceholderTime = "2000-01-01T00:00:00+00:00";
    private readonly byte[] _request;
    private readonly List<int> _sequences = [];
    private readonly List<int> _times = [];
    private long _batches;

    public BenchHost(int number, int gpus, string boot, string authority, string key, DateTimeOffset start, string site = "bench")
    {
        Start = start;
        Template = [.. Enumerable.Range(0, gpus).Select(gpu => Frame(GpuId.Parse(string.Create(CultureInfo.InvariantCulture, $"GPU-bench-{number:x6}-{gpu:x2}"))))];
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new TelemetryBatch
            {
                Source = "bench",
                Boot = boot,
                Site = site,
                Rack = string.Create(CultureInfo.InvariantCulture, $"r{number / 8:000}"),
                Host = string.Create(CultureInfo.InvariantCulture, $"bench-{number:00000}"),
                Frames = Template,
            },
            WireJson.Default.TelemetryBatch);
        var head = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST /v1/telemetry HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n"));
        _request = [.. head, .. body];
        Find(Encoding.ASCII.GetBytes(FirstSequence.ToString(CultureInfo.InvariantCulture)), _sequences);
        Find(Encoding.ASCII.GetBytes(PlaceholderTime.Replace("+", "\\u002B", StringComparison.Ordinal)), _times);
        if (_times.Count == 0)
        {
            Find(Encoding.ASCII.GetBytes(PlaceholderTime), _times);
        }

        if (_sequences.Count != gpus || _times.Count != gpus)
        {
            throw new InvalidOperationException($"The request of a bench host has {_sequences.Count} sequences and {_times.Count} times for {gpus} frames.");
        }
    }

    /// <summary>Time of the first frame minus one second.</summary>
    public DateTimeOffset Start { get; private set; }

    /// <summary>Lets the next batch be of one second after the given moment, and those after it follow.</summary>
    public void ContinueFrom(DateTimeOffset moment) => Start = moment - TimeSpan.FromSeconds(_batches);

    /// <summary>One frame per GPU, as they are sent but for sequence and time.</summary>
    public IReadOnlyList<Frame> Template { get; }

    /// <summary>The next batch: the frames of the next second of this host. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        _batches++;
        Span<byte> sequence = stackalloc byte[10];
        (FirstSequence + _batches).TryFormat(sequence, out _, provider: CultureInfo.InvariantCulture);
        Span<byte> time = stackalloc byte[20];
        (Start + TimeSpan.FromSeconds(_batches)).TryFormat(time, out _, "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        foreach (var place in _sequences)
        {
            sequence.CopyTo(_request.AsSpan(place));
        }

        foreach (var place in _times)
        {
            // The placeholder is longer; what is left over becomes spaces behind the closing quote.
            var width = _request.AsSpan(place).IndexOf((byte)'"');
            if (width != time.Length)
            {
                _request[place + time.Length] = (byte)'"';
                _request.AsSpan(place + time.Length + 1, width - time.Length).Fill((byte)' ');
            }

            time.CopyTo(_request.AsSpan(place));
        }

        return _request;
    }

    /// <summary>The frames of one second of this host, for the comparison.</summary>
    public IEnumerable<Frame> Frames(long second) =>
        Template.Select(frame => frame with { Sequence = FirstSequence + second, Time = Start + TimeSpan.FromSeconds(second) });

    private void Find(byte[] needle, List<int> places)
    {
        for (var from = 0; ;)
        {
            var at = _request.AsSpan(from).IndexOf(needle);
            if (at < 0)
            {
                return;
            }

            places.Add(from + at);
            from += at + needle.Length;
        }
    }

    private static Frame Frame(GpuId gpu) => new()
    {
        Gpu = gpu,
        Sequence = FirstSequence,
        Time = DateTimeOffset.Parse(PlaceholderTime, CultureInfo.InvariantCulture),
        Seconds = 1,
        Origin = Origin.Simulated,
        EnergyJoules = 612.4,
        EnergyMethod = EnergyMethod.Counter,
        PowerAverageWatts = 611.9,
        PowerMaxWatts = 640.2,
        TemperatureCelsius = 66,
        MemoryTemperatureCelsius = 75,
        ThermalMarginCelsius = 21,
        UtilizationRatio = 1,
        MemoryActivityRatio = 0.86,
        MemoryUsedBytes = 14_214_496_256,
        MemoryTotalBytes = 85_899_345_920,
        SmClockHertz = 1_980_000_000,
        PowerLimitWatts = 700,
        ThrottleSeconds = new ThrottleSeconds { SwPowerCap = 0, SwThermal = 0, HwThermal = 0, PowerBrake = 0 },
        Tokens = 14_876,
        Samples = 10,
    };
}

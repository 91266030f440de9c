using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.Nvml;
using EnergyTTT.Telemetry.Sources;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Tests.FakeNvml;

/// <summary>A host with scripted cards, read by the real sampler through the real entry points in steps of 100 ms of script time.</summary>
internal sealed class ScriptedHost : IDisposable
{
    private readonly NvmlSampler _sampler;
    private readonly StringWriter _log = new();

    public ScriptedHost(string script, bool old = false, TimeSpan? watch = null)
    {
        Driver = new FakeDriver(script, old);
        var options = new NvmlOptions { Place = new HostPlace("host-3", "ams", "r07"), Boot = "boot-1", LibraryPath = Driver.LibraryPath, WatchTicksFor = watch ?? TimeSpan.Zero };
        _sampler = new NvmlSampler(options, Driver.Clock, new StreamLog(_log, Driver.Clock), pause => Driver.Seconds += pause.TotalSeconds);
    }

    public FakeDriver Driver { get; }

    public List<TelemetryBatch> Batches { get; } = [];

    public IReadOnlyList<Frame> Frames => [.. Batches.SelectMany(batch => batch.Frames)];

    public string Log => _log.ToString();

    /// <summary>The newest description of a GPU.</summary>
    public GpuDescription Gpu(string uuid) => Batches.SelectMany(batch => batch.Gpus ?? []).Last(gpu => gpu.Gpu == GpuId.Parse(uuid));

    public SensorEntry Sensor(string name, string uuid = "GPU-fa4e0000-0000-0000-0000-000000000000") => Gpu(uuid).Passport!.Sensors.Single(sensor => sensor.Name == name);

    public ScriptedHost Run(double seconds)
    {
        for (var end = Driver.Seconds + seconds; Driver.Seconds < end - 1e-6; Driver.Seconds = Math.Floor(Driver.Seconds * 10 + 1.0001) / 10)
        {
            if (_sampler.Step() is { } batch)
            {
                Batches.Add(batch);
            }
        }

        return this;
    }

    public void Dispose()
    {
        _sampler.Dispose();
        Driver.Dispose();
        _log.Dispose();
    }
}

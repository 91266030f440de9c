using EnergyTTT.Grains.Gpus;
using EnergyTTT.Silo.Frames;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace EnergyTTT.Silo.Starts;

/// <summary>OpenTelemetry, exported when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to; without it nothing is collected.</summary>
internal static class Observability
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Adds metrics and traces of the house, of ASP.NET Core, of Orleans and of Npgsql.</summary>
    public static void AddObservability(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration[Endpoint]))
        {
            return;
        }

        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                .AddMeter(IntakeInstruments.MeterName, GpuInstruments.MeterName, "EnergyTTT.*", "Microsoft.Orleans", "Npgsql")
                .AddAspNetCoreInstrumentation()
                .AddRuntimeInstrumentation())
            .WithTracing(traces => traces.AddAspNetCoreInstrumentation().AddNpgsql().AddSource("Microsoft.Orleans.*"))
            .UseOtlpExporter();
    }
}

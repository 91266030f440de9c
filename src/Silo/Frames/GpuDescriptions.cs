using System.Text.Json;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Frames;

/// <summary>Reads what a batch says about its GPUs. A description that cannot be believed is left out with a remark; the frames stand on their own.</summary>
internal static class GpuDescriptions
{
    /// <summary>The index of remarks that concern the envelope and no frame.</summary>
    public const int NoFrame = -1;

    private const int LongestText = 400;
    private const int MostSensors = 200;

    /// <summary>The description in this JSON value, or null with a remark.</summary>
    public static GpuDescription? Read(ReadOnlySpan<byte> json, int position, List<RejectedItem> remarks)
    {
        GpuDescription? description;
        try
        {
            description = JsonSerializer.Deserialize(json, WireJson.Default.GpuDescription);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            remarks.Add(new RejectedItem(NoFrame, $"gpus[{position}]", RefusalCodes.Invalid, "this is no description of a GPU; its frames were taken without it."));
            return null;
        }

        var fault = description is null ? "it is null" : Fault(description);
        if (fault is not null)
        {
            remarks.Add(new RejectedItem(NoFrame, $"gpus[{position}]", RefusalCodes.Invalid, fault + "; its frames were taken without the description."));
            return null;
        }

        return description!.PowerLimitMaxWatts is { } watts && Sentinels.Is(watts, FieldKind.Number) ? description with { PowerLimitMaxWatts = null } : description;
    }

    private static string? Fault(GpuDescription description)
    {
        if (description.Gpu.Value.Length == 0)
        {
            return "gpu is missing";
        }

        if (description.State is not (null or "ok" or "degraded" or "failed"))
        {
            return "state is none of ok, degraded, failed";
        }

        if (description.PowerLimitMaxWatts is { } watts && !Sentinels.Is(watts, FieldKind.Number) && !(watts is > 0 and <= FrameFields.MostWatts))
        {
            return $"power_limit_max_watts is {Text.Number(watts)}; above 0 to {Text.Number(FrameFields.MostWatts)} is believed";
        }

        if (description.Passport is { } passport)
        {
            if (passport.Sensors is null || passport.Sensors.Count > MostSensors)
            {
                return $"passport.sensors is missing or has more than {MostSensors} entries";
            }

            if (passport.Sensors.Any(sensor => sensor is null || !Fits(sensor.Name) || !Fits(sensor.Source) || !FitsOrNull(sensor.Note) || !Counts(sensor.TickSeconds) || !Counts(sensor.AveragedSeconds)))
            {
                return "a sensor of the passport has no name or source, a text over 400 characters or a negative time";
            }
        }

        if (description.PowerCap is { } cap && (cap.State is not (PowerCapState.Advised or PowerCapState.Enforced or PowerCapState.Refused) || cap.Watts is not (null or (> 0 and <= FrameFields.MostWatts)) || (cap.Watts is null && cap.State != PowerCapState.Refused) || !FitsOrNull(cap.Reason)))
        {
            return $"power_cap has another state than advised, enforced or refused, or watts outside 0 to {Text.Number(FrameFields.MostWatts)}";
        }

        return FitsOrNull(description.Model) && FitsOrNull(description.Driver) && FitsOrNull(description.PciBusId)
            && FitsOrNull(description.StateReason) && FitsOrNull(description.Passport?.PowerScope)
            ? null
            : $"a text is longer than {LongestText} characters or holds control characters";
    }

    private static bool Fits(string? text) => text is { Length: <= LongestText } && !text.Any(char.IsControl);

    private static bool FitsOrNull(string? text) => text is null || Fits(text);

    private static bool Counts(double? seconds) => seconds is null || (double.IsFinite(seconds.Value) && seconds >= 0);
}

using System.Text.Json;

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>A row of a recording of whole MoE blocks: several layers per step, energies in millijoules per step.</summary>
internal static class RecordedBlock
{
    public static KernelCostRecord ToRecord(JsonElement header, JsonElement row)
    {
        var layers = row.GetProperty("layers").GetDouble();
        int model = row.GetProperty("d_model").GetInt32(), width = row.GetProperty("d_expert").GetInt32();
        return new()
        {
            DeviceName = header.TryGetProperty("device", out var device) ? device.GetString() : null,
            PowerLimitWatts = header.TryGetProperty("power_limit_w", out var limit) ? limit.GetDouble() : null,
            Dtype = row.GetProperty("dtype").GetString(),
            ModelWidth = model,
            ExpertWidth = width,
            Operation = KernelCostModel.MoeBlock,
            Tokens = row.GetProperty("tokens").GetDouble(),
            TopK = row.GetProperty("top_k").GetInt32(),
            Experts = row.GetProperty("experts").GetInt32(),
            DistinctExperts = row.GetProperty("active_experts").GetDouble(),
            EnergyJoules = row.GetProperty("energy_mj_per_step").GetDouble() / 1000 / layers,
            LatencyMilliseconds = row.GetProperty("step_us").GetDouble() / 1000 / layers,
            // Three matrices of a SwiGLU expert, two bytes an element.
            WeightBytes = row.GetProperty("dtype").GetString() is "bf16" or "fp16" ? 3L * model * width * 2 : null,
            Samples = row.TryGetProperty("replays", out var replays) ? replays.GetInt32() : null,
            TemperatureCelsius = row.TryGetProperty("temp_c", out var celsius) ? celsius.GetDouble() : null,
            Source = KernelCostSource.Nvml,
        };
    }
}

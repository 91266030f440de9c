namespace EnergyTTT.Wire.Gpus;

/// <summary>Which sensors one GPU really has, how often each ticks and what it averages over, as probed on the host.</summary>
/// <param name="PowerScope">The scope that power readings refer to: <c>gpu</c> (board) or <c>module</c> (CPU and GPU together).</param>
/// <param name="Sensors">One entry per probed sensor, supported or not.</param>
public sealed record SensorPassport(string? PowerScope, IReadOnlyList<SensorEntry> Sensors);

/// <summary>One sensor of a GPU.</summary>
/// <param name="Name">The field of a frame that the sensor feeds, such as <c>energy_joules</c> or <c>memory_temperature_celsius</c>.</param>
/// <param name="Supported">Whether the card answered a reading.</param>
/// <param name="Source">Where it is read, such as <c>nvmlDeviceGetTotalEnergyConsumption</c> or <c>DCGM_FI_DEV_GPU_TEMP</c>.</param>
/// <param name="TickSeconds">Seconds between changes of the reading as observed; null while not observed.</param>
/// <param name="AveragedSeconds">Seconds that one reading averages over, where known; 0 is instantaneous; null is unknown.</param>
/// <param name="Note">What a reader should know, such as the reason why it is unsupported.</param>
public sealed record SensorEntry(string Name, bool Supported, string Source, double? TickSeconds = null, double? AveragedSeconds = null, string? Note = null);

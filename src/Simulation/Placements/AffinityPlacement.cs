using EnergyTTT.Routing.Thermal;
using EnergyTTT.Selection.Signatures;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Simulation.Placements;

/// <summary>
/// Joins a request to the replica that minimises <c>extra experts + queue + heat</c>: extra experts fall with the cosine between the prompt's signature and the replica's, the
/// queue term is linear in the load above its share, heat is the shadow price of the GPU's forecast for 30 s ahead. Replicas above the load bound are not asked.
/// </summary>
public sealed class AffinityPlacement(AffinityPlacementOptions options) : IRequestPlacement
{
    private readonly Dictionary<string, ThermalForecaster> _forecasters = [];
    private readonly Dictionary<string, double> _heat = [];

    /// <summary>Takes what the GPUs measured, as the server's GPU grains would.</summary>
    public void Observe(TelemetryBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (var frame in batch.Frames)
        {
            if (frame.PowerAverageWatts is not { } watts || frame.TemperatureCelsius is not { } celsius)
            {
                continue;
            }

            if (!_forecasters.TryGetValue(frame.Gpu.Value, out var forecaster))
            {
                _forecasters[frame.Gpu.Value] = forecaster = new ThermalForecaster();
            }

            forecaster.Observe(frame.Time.ToUnixTimeMilliseconds() / 1000.0, watts, celsius);
            _heat[frame.Gpu.Value] = ShadowPrice.Of(forecaster.Hold(30)?.Celsius, options.LimitCelsius);
        }
    }

    /// <inheritdoc/>
    public ValueTask<string?> PlaceAsync(string deployment, PlacementQuestion question, IReadOnlyList<ReplicaLoad> replicas, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(replicas);
        ReadOnlySpan<float> asked = question.Signature is { } signature ? signature as float[] ?? [.. signature] : [];
        var share = Math.Max(1, replicas.Average(replica => replica.Active + replica.Waiting));
        string? best = null;
        var least = double.PositiveInfinity;
        foreach (var replica in replicas)
        {
            double load = replica.Active + replica.Waiting;
            if (load > share * (1 + options.LoadBound))
            {
                continue;
            }

            var likeness = asked.IsEmpty ? 0 : SignatureSimilarity.Cosine(asked, replica.Signature);
            var cost = (options.ExpertsOfAStranger * (1 - likeness)) + (options.QueuePenalty * ((load / share) - 1)) + (options.HeatPenalty * _heat.GetValueOrDefault(replica.Gpu));
            if (cost < least)
            {
                (least, best) = (cost, replica.Id);
            }
        }

        return ValueTask.FromResult(best);
    }
}

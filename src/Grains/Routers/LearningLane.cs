namespace EnergyTTT.Grains.Routers;

/// <summary>
/// Where a silo's learners compute: beside the grains' turns, on at most half of the processors, so that feedback and placements are answered while routers learn.
/// </summary>
public sealed class LearningLane : IDisposable
{
    private readonly SemaphoreSlim _places = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    /// <summary>Computes as soon as there is a place.</summary>
    internal async Task<T> Run<T>(Func<T> compute, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(compute, cancellationToken);
        }
        finally
        {
            _places.Release();
        }
    }
}

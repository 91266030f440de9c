using Xunit;

namespace EnergyTTT.Faults.Clusters;

/// <summary>One fault at a time: two would be measured together. What needs two silos and leaves two behind shares them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Machine : ICollectionFixture<SharedSilos>
{
    public const string Name = "machine";
}

/// <summary>Two silos that are started when the first test asks for them.</summary>
public sealed class SharedSilos : IAsyncLifetime
{
    private Task<TwoSilos>? _silos;

    internal Task<TwoSilos> Get() => _silos ??= TwoSilos.Start();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_silos is { IsCompletedSuccessfully: true })
        {
            await (await _silos).DisposeAsync();
        }
    }
}

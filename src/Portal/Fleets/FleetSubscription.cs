using System.Threading.Channels;

namespace EnergyTTT.Portal.Fleets;

/// <summary>One listener of the <see cref="FleetFeed"/>: holds at most one view that was not read yet, the newest. Ends when disposed.</summary>
public sealed class FleetSubscription : IDisposable
{
    private readonly Channel<FleetView> _views = Channel.CreateBounded<FleetView>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropOldest,
        SingleReader = true,
    });

    private readonly Action<FleetSubscription> _ended;

    internal FleetSubscription(Action<FleetSubscription> ended) => _ended = ended;

    /// <summary>The views as they come, until the subscription is disposed.</summary>
    public IAsyncEnumerable<FleetView> Views(CancellationToken cancellationToken = default) => _views.Reader.ReadAllAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended(this);
        _views.Writer.TryComplete();
    }

    internal void Offer(FleetView view) => _views.Writer.TryWrite(view);
}

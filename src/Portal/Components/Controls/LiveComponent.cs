using System.Globalization;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Portal.Fleets;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>
/// A component that follows the fleet: it listens to the <see cref="FleetFeed"/> from its first interactive rendering until it is
/// disposed, and renders itself at most as often as its page's address says.
/// </summary>
public abstract class LiveComponent : ComponentBase, IDisposable
{
    private FleetSubscription? _subscription;
    private bool _disposed;

    /// <summary>The process's one poller.</summary>
    [Inject] protected FleetFeed Feed { get; set; } = default!; // set by the renderer before any of our code runs

    /// <summary>How numbers are written for this person.</summary>
    protected Display Display { get; } = new(CultureInfo.CurrentCulture);

    /// <summary>The view that is shown.</summary>
    protected FleetView View { get; private set; } = default!; // set in OnInitialized

    /// <summary>Shortest time between two renderings; zero holds what is shown.</summary>
    protected virtual TimeSpan? Pace => null;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void OnInitialized() => View = Feed.Latest;

    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender && !_disposed)
        {
            _subscription = Feed.Subscribe();
            _ = Follow(_subscription);
        }
    }

    /// <summary>What else to do with a new view, before rendering: pushing deltas to charts.</summary>
    /// <returns>Whether the component needs to be rendered.</returns>
    protected virtual Task<bool> Observe(FleetView view) => Task.FromResult(true);

    /// <summary>Ends the subscription.</summary>
    protected virtual void Dispose(bool disposing)
    {
        _disposed = true;
        _subscription?.Dispose();
    }

    // Owned by the component: it ends when the subscription is disposed with it, and what goes wrong is raised in the component.
    private async Task Follow(FleetSubscription subscription)
    {
        try
        {
            await foreach (var view in subscription.Views())
            {
                await InvokeAsync(() => Take(view));
            }
        }
        catch (Exception exception) when (exception is JSDisconnectedException or OperationCanceledException or ObjectDisposedException)
        {
            // The browser has gone; the circuit ends the component in its own time.
            subscription.Dispose();
        }
#pragma warning disable CA1031 // Handed to the renderer, which shows it and logs it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            subscription.Dispose();
            await DispatchExceptionAsync(exception);
        }
    }

    private async Task Take(FleetView view)
    {
        if (_disposed || IsHeld(view))
        {
            return;
        }

        View = view;
        if (await Observe(view) && !_disposed)
        {
            StateHasChanged();
        }
    }

    // A fifth of a second of grace: timers are not exact. A paused page still takes the first answer.
    private bool IsHeld(FleetView view) =>
        Pace is { } pace && View.Face != FleetFace.Loading && (pace == TimeSpan.Zero || view.Now - View.Now < pace - TimeSpan.FromMilliseconds(200));
}

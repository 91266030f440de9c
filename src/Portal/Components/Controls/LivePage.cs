using EnergyTTT.Portal.Ranges;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>A page that follows the fleet and whose state is its address.</summary>
public abstract class LivePage : LiveComponent
{
    /// <summary>The address.</summary>
    [Inject] protected NavigationManager Navigation { get; set; } = default!; // set by the renderer before any of our code runs

    /// <summary>The clock.</summary>
    [Inject] protected TimeProvider Clock { get; set; } = default!; // set by the renderer before any of our code runs

    /// <summary>What the address says.</summary>
    protected PageState State { get; private set; } = PageState.Default;

    /// <summary>The path of the address, without its query.</summary>
    protected string Path { get; private set; } = "/";

    /// <inheritdoc/>
    protected override TimeSpan? Pace => State.Refresh;

    /// <summary>The address of this page in another state.</summary>
    protected string Address(PageState state) => Path + state.ToQuery();

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        base.OnInitialized();
        Navigation.LocationChanged += OnLocationChanged;
        ReadAddress(Navigation.Uri);
    }

    /// <summary>Called when the address has changed, after <see cref="State"/> was read from it.</summary>
    protected virtual void OnAddressChanged()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Navigation.LocationChanged -= OnLocationChanged;
        base.Dispose(disposing);
    }

    private void OnLocationChanged(object? sender, LocationChangedEventArgs change)
    {
        // On the way to another page this one is disposed a moment later; its own state stays as it is.
        if (new Uri(change.Location).AbsolutePath == Path)
        {
            ReadAddress(change.Location);
            _ = InvokeAsync(StateHasChanged);
        }
    }

    private void ReadAddress(string address)
    {
        var uri = new Uri(address);
        Path = uri.AbsolutePath;
        State = PageState.Parse(uri.Query);
        OnAddressChanged();
    }
}

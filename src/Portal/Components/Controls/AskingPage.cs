using System.Globalization;
using System.Security.Claims;
using EnergyTTT.Portal.Answers;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Portal.Ranges;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Routing;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>
/// A page whose state is its address and that asks for what it shows: once before it is rendered, then again and again until it is
/// disposed or paused. A question that fails leaves the last answer on show, and a page that begins anew begins with it.
/// </summary>
/// <typeparam name="T">What it asks for.</typeparam>
public abstract class AskingPage<T> : ComponentBase, IDisposable
    where T : class
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    private readonly CancellationTokenSource _end = new();
    private ClaimsPrincipal _person = new();
    private bool _asking;
    private bool _again;

    /// <summary>The address.</summary>
    [Inject] protected NavigationManager Navigation { get; set; } = default!; // set by the renderer before any of our code runs

    /// <summary>The clock.</summary>
    [Inject] protected TimeProvider Clock { get; set; } = default!; // set by the renderer before any of our code runs

    [Inject] private LastAnswers Last { get; set; } = default!; // set by the renderer before any of our code runs

    [CascadingParameter] private Task<AuthenticationState>? Authentication { get; set; }

    /// <summary>How numbers are written for this person.</summary>
    protected Display Display { get; } = new(CultureInfo.CurrentCulture);

    /// <summary>What the address says.</summary>
    protected PageState State { get; private set; } = PageState.Default;

    /// <summary>The path of the address, without its query.</summary>
    protected string Path { get; private set; } = "/";

    /// <summary>What is known.</summary>
    protected Answer<T> Answer { get; private set; } = new();

    /// <summary>Time between two questions: the page's own refresh, but at least two seconds.</summary>
    protected TimeSpan Pace => State.Refresh < TimeSpan.FromSeconds(2) ? TimeSpan.FromSeconds(2) : State.Refresh;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The question. Null says that the thing does not exist.</summary>
    protected abstract Task<T?> Ask(CancellationToken cancellationToken);

    /// <summary>The address of this page in another state.</summary>
    protected string Address(PageState state) => Path + state.ToQuery();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Navigation.LocationChanged += OnLocationChanged;
        ReadAddress(Navigation.Uri);
        _person = Authentication is null ? _person : (await Authentication).User;
        Answer = Last.Recall<T>(_person, Address(State));
        await AskNow();
    }

    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender && !_end.IsCancellationRequested)
        {
            _ = Follow();
        }
    }

    /// <summary>Called when the address has changed, after <see cref="State"/> was read from it and before the question.</summary>
    protected virtual void OnAddressChanged()
    {
    }

    /// <summary>Asks at once. One question at a time: one that comes meanwhile is asked after it.</summary>
    protected async Task AskNow()
    {
        _again = true;
        if (_asking)
        {
            return;
        }

        _asking = true;
        try
        {
            while (_again && !_end.IsCancellationRequested)
            {
                _again = false;
                var told = await AskOnce();

                // What was asked under another address is not an answer to this one.
                Answer = _again ? Answer : told;
                Last.Keep(_person, Address(State), Answer);
            }
        }
        finally
        {
            _asking = false;
        }
    }

    /// <summary>Ends the questions.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!_end.IsCancellationRequested)
        {
            Navigation.LocationChanged -= OnLocationChanged;
            _end.Cancel();
            _end.Dispose();
        }
    }

    private async Task<Answer<T>> AskOnce()
    {
        using var patience = new CancellationTokenSource(Patience, Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, patience.Token);
        try
        {
            return new(await Ask(either.Token).WaitAsync(either.Token), Clock.GetUtcNow());
        }
#pragma warning disable CA1031 // Whatever keeps the answer away, the page goes on with what it knows and says so.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Answer.Failed(exception is OperationCanceledException ? $"no answer within {Patience.TotalSeconds:0} s" : exception.Message, Clock.GetUtcNow());
        }
    }

    // Owned by the component: it ends with it.
    private async Task Follow()
    {
        var end = _end.Token;
        try
        {
            while (!end.IsCancellationRequested)
            {
                await Task.Delay(Pace, Clock, end);
                if (!State.IsPaused)
                {
                    await InvokeAsync(async () =>
                    {
                        await AskNow();
                        StateHasChanged();
                    });
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The page is gone.
        }
#pragma warning disable CA1031 // Handed to the renderer, which shows it and logs it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await DispatchExceptionAsync(exception);
        }
    }

    private void OnLocationChanged(object? sender, LocationChangedEventArgs change)
    {
        // On the way to another page this one is disposed a moment later; its own state stays as it is.
        if (new Uri(change.Location).AbsolutePath == Path)
        {
            var before = State;
            ReadAddress(change.Location);
            _ = InvokeAsync(async () =>
            {
                if (before["deployment"] != State["deployment"] || before["layer"] != State["layer"] || before["scope"] != State["scope"])
                {
                    Answer = Last.Recall<T>(_person, Address(State));
                }

                StateHasChanged();
                await AskNow();
                StateHasChanged();
            });
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

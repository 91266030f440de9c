using System.Collections.Immutable;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Access;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>What an administrator sees of one person and does to them.</summary>
public partial class PersonCard
{
    private static readonly char[] Separators = [',', ' ', ';'];

    private string _role = "";
    private string _scopes = "";
    private string? _asked;
    private string? _said;
    private string? _link;
    private bool _refused;
    private bool _busy;

    /// <summary>What an administrator may do.</summary>
    [Inject] public required AccessDesk Desk { get; set; }

    /// <summary>Where this server is, for links.</summary>
    [Inject] public required NavigationManager Navigation { get; set; }

    /// <summary>The person.</summary>
    [Parameter, EditorRequired] public required PersonInfo Person { get; set; }

    /// <summary>The person's live sessions.</summary>
    [Parameter, EditorRequired] public required ImmutableArray<SessionInfo> Sessions { get; set; }

    /// <summary>The address without this person.</summary>
    [Parameter, EditorRequired] public required string Close { get; set; }

    /// <summary>The moment that is now.</summary>
    [Parameter, EditorRequired] public required DateTimeOffset Now { get; set; }

    /// <summary>The zone of written times.</summary>
    [Parameter] public string Zone { get; set; } = "browser";

    /// <summary>Something was done.</summary>
    [Parameter] public EventCallback Changed { get; set; }

    private bool IsDisabled => Person.IsDisabled(Now);

    private string Question => _asked switch
    {
        "sessions" => $"End all sessions of {Person.UserName}? Open pages are signed out within ten seconds.",
        "invite" => $"Make a one-time link with which {Person.UserName} chooses a new password? Older links stop working; the present password works until the link is used.",
        "factor" => $"Forget the authenticator, recovery codes and passkeys of {Person.UserName}? Be sure whom you speak to: afterwards the password alone signs in. Sessions end.",
        "disable" => $"Keep {Person.UserName} out until you enable the account again? Sessions end, and the person's own keys stop working.",
        "enable" => $"Let {Person.UserName} in again?",
        _ => $"Remove {Person.UserName} for good? What {Person.UserName} did stays in the audit log.",
    };

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        if (_role.Length == 0)
        {
            (_role, _scopes) = (Person.Role ?? PersonRoles.Viewer, string.Join(", ", Person.Scopes));
        }
    }

    private void Ask(string deed) => (_asked, _said, _refused, _link) = (deed, null, false, null);

    private Task Save() => Work(people => people.Change(
        Person.Id,
        new PersonChange(_role, _role == PersonRoles.Operator ? _scopes.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : []),
        CancellationToken.None));

    private Task Do() => Work(people => _asked switch
    {
        "sessions" => people.EndSessions(Person.Id, CancellationToken.None),
        "invite" => people.Invite(Person.Id, CancellationToken.None),
        "factor" => people.ResetSecondFactor(Person.Id, CancellationToken.None),
        "disable" or "enable" => people.Change(Person.Id, new PersonChange(Disabled: _asked == "disable"), CancellationToken.None),
        _ => people.Remove(Person.Id, CancellationToken.None),
    });

    private async Task Work(Func<PeopleKeeper, Task<PersonDecision>> deed)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            var decision = await Desk.Do(deed);
            (_refused, _said) = (decision.Code is not null, decision.Code is null ? "Done." : $"Not done: {decision.Fault}");
            (_asked, _link) = (decision.Code is null ? null : _asked, decision.Token is { } token ? $"{Navigation.BaseUri}join#{token}" : null);
        }
#pragma warning disable CA1031 // The person is told; the page goes on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            (_refused, _said) = (true, $"Not done: {exception.Message}");
        }
        finally
        {
            _busy = false;
        }

        await Changed.InvokeAsync();
    }
}

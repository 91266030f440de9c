using System.Collections.Immutable;
using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Access;

/// <summary>People and keys, for administrators: who may do what, who is here, and what ends it. <c>var-person</c> shows one person.</summary>
public partial class AccessPage
{
    /// <summary>Who knows people and their sessions.</summary>
    [Inject] public required Sessions Sessions { get; set; }

    /// <summary>Who knows the keys.</summary>
    [Inject] public required ApiKeys Keys { get; set; }

    private string? Chosen => State["person"];

    /// <inheritdoc/>
    protected override async Task<AccessScreen?> Ask(CancellationToken cancellationToken)
    {
        var people = await Sessions.People(cancellationToken);
        var chosen = people.FirstOrDefault(person => person.UserName == Chosen);
        return new(people, await Keys.List(cancellationToken), chosen is null ? [] : await Sessions.List(chosen.Id, cancellationToken));
    }

    private static string SecondFactor(PersonInfo person) => (person.HasAuthenticator, person.Passkeys) switch
    {
        (false, 0) => "none",
        (true, 0) => "authenticator",
        (false, 1) => "passkey",
        (false, var count) => $"{count} passkeys",
        (true, 1) => "authenticator, passkey",
        (true, var count) => $"authenticator, {count} passkeys",
    };

    private string StateOf(PersonInfo person)
    {
        var now = Clock.GetUtcNow();
        return person.IsDisabled(now) ? "disabled"
            : person.LockedUntil > now ? "resting after wrong passwords"
            : person.HasPassword || person.Provider is not null ? person.Provider is { } provider ? "active, by " + provider : "active"
            : person.InvitedUntil is not null ? "invited" : "invitation has run out";
    }
}

/// <summary>What the page shows.</summary>
/// <param name="People">By user name.</param>
/// <param name="Keys">Newest first, ended ones too.</param>
/// <param name="Sessions">Live sessions of the chosen person, newest first.</param>
public sealed record AccessScreen(ImmutableArray<PersonInfo> People, ImmutableArray<ApiKeyInfo> Keys, ImmutableArray<SessionInfo> Sessions);

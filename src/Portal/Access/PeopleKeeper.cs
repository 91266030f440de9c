using System.Security.Claims;
using EnergyTTT.Contracts.Access;
using EnergyTTT.History.Access;
using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Access;
using EnergyTTT.Wire.Policies;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.Portal.Access;

/// <summary>
/// What administrators do to people, the same for the page and the API: who calls has asked before whether the caller may. Every deed works on
/// what the database says now, and whatever weakens a person ends the person's sessions.
/// </summary>
public sealed class PeopleKeeper(IServiceScopeFactory scopes, Sessions sessions, Invitations invitations, AuditLog audit, TimeProvider clock)
{
    private static string By => Caller.Current?.Name ?? Actors.Server;

    /// <summary>Makes an account: with a password, or without one and with an invitation to choose it.</summary>
    public async Task<PersonDecision> Create(string? userName, string? displayName, string? role, IReadOnlyList<string>? boundTo, string? password, CancellationToken cancellationToken)
    {
        if (FaultOf(role, boundTo) is { } fault)
        {
            return fault;
        }

        await using var scope = scopes.CreateAsyncScope();
        var people = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
        var person = new Person { UserName = userName?.Trim(), DisplayName = string.IsNullOrWhiteSpace(displayName) ? null : displayName.Trim(), Created = clock.GetUtcNow(), LockoutEnabled = true };
        var made = password is null ? await people.CreateAsync(person) : await people.CreateAsync(person, password);
        if (!made.Succeeded)
        {
            return made.Errors.Any(error => error.Code == nameof(IdentityErrorDescriber.DuplicateUserName))
                ? PersonDecision.Refused("user_exists", $"The user name '{userName}' is taken.")
                : Refused(made);
        }

        var promoted = await people.AddToRoleAsync(person, role!); // the check above wants a role
        if (!promoted.Succeeded)
        {
            await people.DeleteAsync(person);
            return Refused(promoted);
        }

        await Bind(people, person, boundTo ?? []);
        return PersonDecision.Done(person, password is null ? await invitations.Create(person.Id, By, cancellationToken) : null);
    }

    /// <summary>Changes a person; the person's sessions end.</summary>
    public Task<PersonDecision> Change(Guid id, PersonChange wanted, CancellationToken cancellationToken) => For(id, async (people, person) =>
    {
        if ((wanted.Role is null ? null : FaultOf(wanted.Role, null)) is { } fault || (fault = FaultOf(PersonRoles.Viewer, wanted.Scopes)) is not null)
        {
            return fault;
        }

        if (((wanted.Role ?? PersonRoles.Administrator) != PersonRoles.Administrator || wanted.Disabled == true) && await IsLastAdministrator(people, person))
        {
            return Last();
        }

        if (wanted.Password is { } password)
        {
            var reset = await people.ResetPasswordAsync(person, await people.GeneratePasswordResetTokenAsync(person), password);
            if (!reset.Succeeded)
            {
                return Refused(reset);
            }
        }

        if (wanted.Role is { } role && !await people.IsInRoleAsync(person, role))
        {
            foreach (var old in await people.GetRolesAsync(person))
            {
                await people.RemoveFromRoleAsync(person, old);
            }

            await people.AddToRoleAsync(person, role);
        }

        if (wanted.Scopes is { } boundTo)
        {
            await Bind(people, person, boundTo);
        }

        if (wanted.Disabled is { } disabled)
        {
            await people.SetLockoutEndDateAsync(person, disabled ? DateTimeOffset.MaxValue : null);
            await Note(person, disabled ? "person.disable" : "person.enable", null, cancellationToken);
        }

        await EndAll(people, person, cancellationToken);
        return PersonDecision.Done(person);
    });

    /// <summary>Removes a person with their sessions; their own keys count no more.</summary>
    public Task<PersonDecision> Remove(Guid id, CancellationToken cancellationToken) => For(id, async (people, person) =>
    {
        if (await IsLastAdministrator(people, person))
        {
            return Last();
        }

        await sessions.EndAll(person.Id, person.UserName ?? "", null, By, cancellationToken);
        var removed = await people.DeleteAsync(person);
        return removed.Succeeded ? PersonDecision.Done(person) : Refused(removed);
    });

    /// <summary>Makes a new one-time link with which the person chooses a password; older links work no more.</summary>
    public Task<PersonDecision> Invite(Guid id, CancellationToken cancellationToken) => For(id, async (_, person) =>
    {
        var token = await invitations.Create(person.Id, By, cancellationToken);
        await Note(person, "person.invite", null, cancellationToken);
        return PersonDecision.Done(person, token);
    });

    /// <summary>Ends all sessions of a person, live pages too.</summary>
    public Task<PersonDecision> EndSessions(Guid id, CancellationToken cancellationToken) => For(id, async (people, person) =>
    {
        await EndAll(people, person, cancellationToken);
        return PersonDecision.Done(person);
    });

    /// <summary>Forgets authenticator, recovery codes and passkeys of a person who lost them; the person's sessions end.</summary>
    public Task<PersonDecision> ResetSecondFactor(Guid id, CancellationToken cancellationToken) => For(id, async (people, person) =>
    {
        await people.SetTwoFactorEnabledAsync(person, false);
        await people.ResetAuthenticatorKeyAsync(person);
        foreach (var passkey in await people.GetPasskeysAsync(person))
        {
            await people.RemovePasskeyAsync(person, passkey.CredentialId);
        }

        await Note(person, "person.second_factor.reset", null, cancellationToken);
        await EndAll(people, person, cancellationToken);
        return PersonDecision.Done(person);
    });

    /// <summary>Lets the holder of an invitation choose a password, once.</summary>
    public async Task<PersonDecision> Accept(string? token, string password, CancellationToken cancellationToken)
    {
        var unknown = PersonDecision.Refused("invitation_unknown", "This invitation is not known: it was used, or is too old, or a newer one was made. Ask an administrator for another.");
        if (await invitations.Find(token, cancellationToken) is not { } id)
        {
            return unknown;
        }

        return await For(id, async (people, person) =>
        {
            foreach (var validator in people.PasswordValidators)
            {
                if (await validator.ValidateAsync(people, person, password) is { Succeeded: false } weak)
                {
                    return Refused(weak);
                }
            }

            // Spent before it is used: of two who try at once, one chooses.
            if (await invitations.Spend(token, cancellationToken) != id)
            {
                return unknown;
            }

            var chosen = await people.ResetPasswordAsync(person, await people.GeneratePasswordResetTokenAsync(person), password);
            if (!chosen.Succeeded)
            {
                return Refused(chosen);
            }

            await EndAll(people, person, cancellationToken);
            return PersonDecision.Done(person);
        });
    }

    private static async Task Bind(UserManager<Person> people, Person person, IReadOnlyList<string> boundTo)
    {
        var old = (await people.GetClaimsAsync(person)).Where(claim => claim.Type == Caller.ScopeClaim).ToList();
        await people.RemoveClaimsAsync(person, old);
        await people.AddClaimsAsync(person, boundTo.Distinct(StringComparer.Ordinal).Select(one => new Claim(Caller.ScopeClaim, one)));
    }

    private static PersonDecision? FaultOf(string? role, IReadOnlyList<string>? boundTo) =>
        role is null || !PersonRoles.All.Contains(role) ? PersonDecision.Refused("invalid_role", $"role is '{role}'; viewer, operator or administrator expected.")
        : boundTo?.FirstOrDefault(one => !IsScope(one)) is { } wrong ? PersonDecision.Refused("invalid_scope", $"'{wrong}' is no scope; fleet, deployment/NAME, site/NAME, rack/NAME, host/NAME, or KIND/* for all of a kind expected.")
        : null;

    private static bool IsScope(string? scope) => scope is not null && (PolicyScopes.IsScope(scope) || PolicyScopes.Kinds.Any(kind => scope == kind + "/*"));

    private static PersonDecision Last() => PersonDecision.Refused("last_administrator", "Nobody would be left to manage people. Make another administrator first.");

    private static PersonDecision Refused(IdentityResult result) => PersonDecision.Refused("invalid_user", string.Join(" ", result.Errors.Select(error => error.Description)));

    private async Task<PersonDecision> For(Guid id, Func<UserManager<Person>, Person, Task<PersonDecision>> deed)
    {
        await using var scope = scopes.CreateAsyncScope();
        var people = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
        return await people.FindByIdAsync(id.ToString()) is { } person ? await deed(people, person) : PersonDecision.Refused("user_unknown", $"Nobody has the id {id}.");
    }

    // Cookies and circuits carry the stamp: the old ones end, whatever session they name.
    private async Task EndAll(UserManager<Person> people, Person person, CancellationToken cancellationToken)
    {
        await people.UpdateSecurityStampAsync(person);
        await sessions.EndAll(person.Id, person.UserName ?? "", null, By, cancellationToken);
    }

    private Task<AuditEntry> Note(Person person, string action, Dictionary<string, string?>? detail, CancellationToken cancellationToken) =>
        audit.Append(By, action, Actors.Of(person.UserName), detail, cancellationToken);

    private async Task<bool> IsLastAdministrator(UserManager<Person> people, Person person)
    {
        var tomorrow = clock.GetUtcNow().AddDays(1);
        var able = (await people.GetUsersInRoleAsync(PersonRoles.Administrator)).Where(it => it.LockoutEnd is null || it.LockoutEnd < tomorrow).ToList();
        return able.Count == 1 && able[0].Id == person.Id;
    }
}

using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace EnergyTTT.Portal.Access;

/// <summary>Creates the first person of a new installation, once, against the set-up token.</summary>
/// <param name="people">The people.</param>
/// <param name="token">The token.</param>
/// <param name="clock">The clock.</param>
public sealed class FirstAdministrator(UserManager<Person> people, SetupToken token, TimeProvider clock)
{
    private static readonly SemaphoreSlim OneAtATime = new(1, 1);

    /// <summary>Whether nobody exists yet.</summary>
    public async Task<bool> IsWanted(CancellationToken cancellationToken) => !await people.Users.AnyAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Creates the administrator and spends the token, or says why not. Two who try at once with the right token make one person.</summary>
    public async Task<IdentityResult> Create(string? presentedToken, string userName, string password, CancellationToken cancellationToken)
    {
        await OneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!await IsWanted(cancellationToken).ConfigureAwait(false))
            {
                return Refused("set-up-done", "EnergyTTT is set up already: sign in instead.");
            }

            if (!token.Matches(presentedToken))
            {
                return Refused("wrong-token", $"This is not the set-up token. The server printed it when it started; it also stands in {token.Path} on the server.");
            }

            var person = new Person { UserName = userName, DisplayName = userName, Created = clock.GetUtcNow(), LockoutEnabled = true };
            var created = await people.CreateAsync(person, password).ConfigureAwait(false);
            if (!created.Succeeded)
            {
                return created;
            }

            var promoted = await people.AddToRoleAsync(person, PersonRoles.Administrator).ConfigureAwait(false);
            if (!promoted.Succeeded)
            {
                // A person without a role could not come back to finish the set-up.
                await people.DeleteAsync(person).ConfigureAwait(false);
                return promoted;
            }

            token.Spend();
            return IdentityResult.Success;
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    private static IdentityResult Refused(string code, string description) => IdentityResult.Failed(new IdentityError { Code = code, Description = description });
}

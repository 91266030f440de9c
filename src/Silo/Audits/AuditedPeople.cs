using EnergyTTT.Contracts.Access;
using EnergyTTT.History.Access;
using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Access;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Silo.Audits;

/// <summary>Identity's own manager of people, which also notes in the audit log what became of them: whoever asks for it, page or API.</summary>
public sealed class AuditedPeople(
    IUserStore<Person> store,
    IOptions<IdentityOptions> options,
    IPasswordHasher<Person> hasher,
    IEnumerable<IUserValidator<Person>> userValidators,
    IEnumerable<IPasswordValidator<Person>> passwordValidators,
    ILookupNormalizer normalizer,
    IdentityErrorDescriber errors,
    IServiceProvider services,
    ILogger<UserManager<Person>> logger,
    IHttpContextAccessor http,
    AuditLog audit)
    : UserManager<Person>(store, options, hasher, userValidators, passwordValidators, normalizer, errors, services, logger)
{
    /// <inheritdoc/>
    public override async Task<IdentityResult> CreateAsync(Person user) => await Note(user, "person.create", await base.CreateAsync(user));

    /// <inheritdoc/>
    public override async Task<IdentityResult> DeleteAsync(Person user) => await Note(user, "person.remove", await base.DeleteAsync(user));

    /// <inheritdoc/>
    public override async Task<IdentityResult> AddToRoleAsync(Person user, string role) => await Note(user, "person.role.give", await base.AddToRoleAsync(user, role), role);

    /// <inheritdoc/>
    public override async Task<IdentityResult> RemoveFromRoleAsync(Person user, string role) => await Note(user, "person.role.take", await base.RemoveFromRoleAsync(user, role), role);

    /// <inheritdoc/>
    public override async Task<IdentityResult> ChangePasswordAsync(Person user, string currentPassword, string newPassword) =>
        await Note(user, "person.password", await base.ChangePasswordAsync(user, currentPassword, newPassword));

    /// <inheritdoc/>
    public override async Task<IdentityResult> ResetPasswordAsync(Person user, string token, string newPassword) =>
        await Note(user, "person.password", await base.ResetPasswordAsync(user, token, newPassword));

    /// <inheritdoc/>
    public override async Task<IdentityResult> SetTwoFactorEnabledAsync(Person user, bool enabled) =>
        await Note(user, enabled ? "person.second_factor.on" : "person.second_factor.off", await base.SetTwoFactorEnabledAsync(user, enabled));

    /// <inheritdoc/>
    public override async Task<IdentityResult> AccessFailedAsync(Person user) => await Note(user, "person.sign_in.failed", await base.AccessFailedAsync(user));

    private async Task<IdentityResult> Note(Person person, string action, IdentityResult result, string? role = null)
    {
        if (result.Succeeded)
        {
            var subject = Actors.Of(person.UserName);
            var actor = Caller.Current?.Name ?? Actors.Server;
            var detail = new Dictionary<string, string?> { ["person_id"] = person.Id.ToString() };
            if (role is not null)
            {
                detail["role"] = role;
            }

            if (http.HttpContext?.Connection.RemoteIpAddress is { } address)
            {
                detail["address"] = address.ToString();
            }

            await audit.Append(actor, action, subject, detail, CancellationToken.None);
        }

        return result;
    }
}

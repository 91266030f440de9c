using EnergyTTT.Contracts.Access;
using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;

namespace EnergyTTT.Portal.Access;

/// <summary>Who may see and do what in the portal. Each policy asks for the portal's own cookie; a missing one leads to the sign-in page.</summary>
public static class AccessPolicies
{
    /// <summary>May look: viewers, operators, administrators.</summary>
    public const string Viewer = "portal-viewer";

    /// <summary>May act: operators, administrators. Asked with a scope as the resource, only those who are not bound to others.</summary>
    public const string Operator = "portal-operator";

    /// <summary>May also manage people and keys: administrators.</summary>
    public const string Administrator = "portal-administrator";

    /// <summary>Signed in, with or without a role: may see and change their own account.</summary>
    public const string Person = "portal-person";

    internal static void Add(AuthorizationOptions options)
    {
        options.AddPolicy(Viewer, policy => Cookie(policy).RequireRole(PersonRoles.Viewer, PersonRoles.Operator, PersonRoles.Administrator));
        options.AddPolicy(Operator, policy => Cookie(policy).RequireRole(PersonRoles.Operator, PersonRoles.Administrator)
            .RequireAssertion(context => context.Resource is not string scope || Caller.Of(context.User).MayOperate(scope)));
        options.AddPolicy(Administrator, policy => Cookie(policy).RequireRole(PersonRoles.Administrator));
        options.AddPolicy(Person, policy => Cookie(policy));
    }

    private static AuthorizationPolicyBuilder Cookie(AuthorizationPolicyBuilder policy) =>
        policy.AddAuthenticationSchemes(IdentityConstants.ApplicationScheme).RequireAuthenticatedUser();
}

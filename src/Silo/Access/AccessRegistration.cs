using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;

namespace EnergyTTT.Silo.Access;

/// <summary>Who one is: a machine by its key, a person by their cookie. What one may: by role, the same for both.</summary>
internal static class AccessRegistration
{
    private const string EitherScheme = "key-or-cookie";

    /// <summary>Adds keys beside the cookies that the portal brings. Call after the portal's registration: it decides the default scheme.</summary>
    public static void AddAccess(this IServiceCollection services)
    {
        services.AddOptions<SessionLimits>().BindConfiguration("Sessions").ValidateOnStart();
        services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null)
            .AddPolicyScheme(EitherScheme, null, options => options.ForwardDefaultSelector = Choose);
        services.PostConfigure<AuthenticationOptions>(options =>
        {
            options.DefaultScheme = EitherScheme;
            options.DefaultAuthenticateScheme = EitherScheme;
            options.DefaultChallengeScheme = EitherScheme;
            options.DefaultForbidScheme = EitherScheme;
        });
        services.AddAuthorizationBuilder()
            .AddPolicy(Policies.Ingest, policy => policy.RequireAssertion(context => Grants.IsKey(context.User)).RequireRole("agent", "administrator"))
            .AddPolicy(Policies.Engine, policy => policy.RequireAssertion(context => Grants.IsKey(context.User)).RequireRole("engine", "administrator"))
            .AddPolicy(Policies.Steer, policy => policy.RequireRole("engine", "viewer", "operator", "administrator"))
            .AddPolicy(Policies.Read, policy => policy.RequireRole("viewer", "operator", "administrator"))
            .AddPolicy(Policies.Record, policy => policy.RequireRole("agent", "engine", "operator", "administrator"))
            .AddPolicy(Policies.Operate, policy => policy.RequireRole("operator", "administrator"))
            .AddPolicy(Policies.Administer, policy => policy.RequireRole("administrator"));
    }

    // The API answers problems and never a redirect to a page, so whoever calls it without a cookie is taken for a machine.
    private static string Choose(HttpContext context) =>
        context.Request.Headers.Authorization.Count > 0 || (IsApi(context) && !context.Request.Headers.ContainsKey("Cookie"))
            ? ApiKeyHandler.SchemeName
            : IdentityConstants.ApplicationScheme;

    private static bool IsApi(HttpContext context) => context.Request.Path.StartsWithSegments("/v1") || context.Request.Path.StartsWithSegments("/metrics");
}

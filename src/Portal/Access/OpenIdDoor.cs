using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace EnergyTTT.Portal.Access;

/// <summary>
/// The way in by an identity provider: code flow with PKCE, tokens checked against the provider's published keys. The groups of the token give the
/// role anew at every sign-in. An account here with the same name is never taken over.
/// </summary>
internal static partial class OpenIdDoor
{
    private const string Callback = "/sign-in/openid/back";

    public static void AddOpenIdDoor(this IServiceCollection services, OpenIdSettings settings)
    {
        services.AddSingleton(settings);
        if (!settings.IsOn)
        {
            return;
        }

        services.AddAuthentication().AddOpenIdConnect(OpenIdSettings.Scheme, settings.Name, oidc =>
        {
            oidc.Authority = settings.Authority;
            oidc.RequireHttpsMetadata = settings.Authority!.StartsWith("https:", StringComparison.OrdinalIgnoreCase); // it is on
            oidc.ClientId = settings.ClientId;
            oidc.ClientSecret = settings.Secret();
            oidc.ResponseType = OpenIdConnectResponseType.Code;
            oidc.ResponseMode = OpenIdConnectResponseMode.Query;
            oidc.UsePkce = true;
            oidc.MapInboundClaims = false;
            oidc.SaveTokens = false;
            oidc.DisableTelemetry = true;
            oidc.CallbackPath = Callback;
            oidc.SignInScheme = IdentityConstants.ExternalScheme;
            oidc.TokenValidationParameters.NameClaimType = settings.NameClaim;
            oidc.CorrelationCookie.SameSite = oidc.NonceCookie.SameSite = SameSiteMode.Lax;
            oidc.CorrelationCookie.SecurePolicy = oidc.NonceCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            oidc.Scope.Clear();
            foreach (var scope in settings.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Prepend("openid").Distinct())
            {
                oidc.Scope.Add(scope);
            }

            oidc.Events.OnRemoteFailure = context =>
            {
                Failed(Logger(context.HttpContext), context.Failure?.Message ?? "no reason given");
                context.Response.Redirect("/sign-in?problem=provider");
                context.HandleResponse();
                return Task.CompletedTask;
            };
        });
    }

    public static void MapOpenIdDoor(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sign-in/openid", Begin).AllowAnonymous().ExcludeFromDescription();
        routes.MapGet("/sign-in/openid/done", Finish).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<IResult> Begin(HttpContext context, string? @return, OpenIdSettings settings, SignInManager<Person> door)
    {
        if (!settings.IsOn)
        {
            return TypedResults.NotFound();
        }

        try
        {
            await context.ChallengeAsync(OpenIdSettings.Scheme, door.ConfigureExternalAuthenticationProperties(OpenIdSettings.Scheme, "/sign-in/openid/done?return=" + Uri.EscapeDataString(LocalAddress.Of(@return))));
            return TypedResults.Empty;
        }
        catch (InvalidOperationException exception)
        {
            // The provider's description could not be read: it is away. Whoever has a password can come in meanwhile.
            Failed(Logger(context), exception.Message);
            return TypedResults.Redirect("/sign-in?problem=provider");
        }
    }

    private static async Task<IResult> Finish(HttpContext context, string? @return, OpenIdSettings settings, SignInManager<Person> door, UserManager<Person> people, TimeProvider clock)
    {
        if (!settings.IsOn)
        {
            return TypedResults.NotFound();
        }

        if (await door.GetExternalLoginInfoAsync() is not { } login)
        {
            return TypedResults.Redirect("/sign-in?problem=provider");
        }

        await context.SignOutAsync(IdentityConstants.ExternalScheme);
        if (settings.RoleOf([.. login.Principal.FindAll(settings.GroupClaim).Select(claim => claim.Value)]) is not { } role)
        {
            Failed(Logger(context), "none of the groups gives a role");
            return TypedResults.Redirect("/sign-in?problem=group");
        }

        var person = await people.FindByLoginAsync(OpenIdSettings.Scheme, login.ProviderKey);
        if (person is null)
        {
            var name = login.Principal.FindFirst(settings.NameClaim)?.Value ?? login.Principal.FindFirst("email")?.Value ?? login.ProviderKey;
            person = new Person { UserName = name, DisplayName = login.Principal.FindFirst("name")?.Value, Created = clock.GetUtcNow(), LockoutEnabled = true };
            var made = await people.CreateAsync(person);
            if (made.Succeeded)
            {
                made = await people.AddLoginAsync(person, new UserLoginInfo(OpenIdSettings.Scheme, login.ProviderKey, settings.Name));
            }

            if (!made.Succeeded)
            {
                Failed(Logger(context), string.Join(" ", made.Errors.Select(error => error.Description)));
                return TypedResults.Redirect("/sign-in?problem=name");
            }
        }

        await Become(people, person, role);
        var result = await door.ExternalLoginSignInAsync(OpenIdSettings.Scheme, login.ProviderKey, isPersistent: false, bypassTwoFactor: true);
        return TypedResults.Redirect(result.Succeeded ? LocalAddress.Of(@return) : "/sign-in?problem=disabled");
    }

    private static async Task Become(UserManager<Person> people, Person person, string role)
    {
        var roles = await people.GetRolesAsync(person);
        foreach (var old in roles.Where(old => old != role))
        {
            await people.RemoveFromRoleAsync(person, old);
        }

        if (!roles.Contains(role))
        {
            await people.AddToRoleAsync(person, role);
            await people.UpdateSecurityStampAsync(person);
        }
    }

    private static ILogger Logger(HttpContext context) => context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("EnergyTTT.Portal.Access.OpenIdDoor");

    [LoggerMessage(LogLevel.Warning, "A sign-in by the identity provider was refused: {Reason}")]
    private static partial void Failed(ILogger logger, string reason);
}

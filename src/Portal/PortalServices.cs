using EnergyTTT.History.Access;
using EnergyTTT.History.Runs;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Alerts;
using EnergyTTT.Portal.Answers;
using EnergyTTT.Portal.Audits;
using EnergyTTT.Portal.Charts;
using EnergyTTT.Portal.Deployments;
using EnergyTTT.Portal.Fleets;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Portal.Runs;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using MudBlazor.Services;

namespace EnergyTTT.Portal;

/// <summary>Adds the portal to a host.</summary>
public static class PortalServices
{
    /// <summary>
    /// Adds pages, sign-in and the live feed. The host adds the history (<c>AddHistory</c>: people live there) and an
    /// <see cref="IGrainFactory"/> (a silo in the same process or a client); and calls <c>MapPortal</c> on the built application.
    /// </summary>
    public static IServiceCollection AddPortal(this IServiceCollection services, Action<PortalOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new PortalOptions();
        configure(options);
        ArgumentException.ThrowIfNullOrWhiteSpace(options.SecretsFolder);

        services.TryAddSingleton(TimeProvider.System);
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddMudServices();

        // Pages and history are the only answers that are not compressed when they are published. Forms carry masked tokens.
        services.AddResponseCompression(compression => compression.MimeTypes = ["text/html", "application/vnd.energyttt.columns"]);
        services.AddSignIn(options);

        services.AddOptions<FleetFeedOptions>().BindConfiguration("Portal:Fleet").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<IFleetSource, GrainFleetSource>();
        services.AddSingleton<FleetFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<FleetFeed>());
        services.AddScoped<ChartLink>();
        services.AddSingleton<LastAnswers>();
        services.AddScoped<PersonGuard>();
        services.AddScoped<AccessDesk>();
        services.TryAddSingleton<AuditWatch>();
        services.TryAddSingleton<ISteeringSource, GrainSteeringSource>();
        services.AddScoped<SteeringDesk>();
        services.TryAddSingleton<IPolicySource, GrainPolicySource>();
        services.AddScoped<PolicyDesk>();
        services.TryAddSingleton<IAlertSource, GrainAlertSource>();
        services.AddScoped<AlertDesk>();
        services.TryAddSingleton<IRunSource>(provider => new HistoryRunSource(provider.GetRequiredService<RunReader>()));
        return services;
    }

    private static void AddSignIn(this IServiceCollection services, PortalOptions options)
    {
        services.AddSingleton(new SetupToken(Path.Combine(options.SecretsFolder, "setup-token")));
        services.AddScoped<FirstAdministrator>();
        services.AddSingleton<PeopleKeeper>();
        services.AddSingleton(new DoorLimits(options.SignInsPerMinute));
        services.AddScoped<SlowAnswers>();
        services.AddSingleton<IClaimsTransformation>(new SecondFactorRule(SecondFactorRule.Read(options.SecondFactorRoles)));
        services.Configure<IdentityPasskeyOptions>(passkeys =>
        {
            passkeys.ServerDomain = options.PasskeyDomain;

            // A passkey stands for password and second factor together, so the device must know its person.
            passkeys.UserVerificationRequirement = "required";
            passkeys.ResidentKeyRequirement = "required";
        });
        services.AddHttpContextAccessor();
        services.AddCascadingAuthenticationState();
        services.AddScoped<AuthenticationStateProvider, CircuitAuthentication>();
        services.AddScoped<CircuitHandler, CircuitCaller>();
        services.AddDataProtection().SetApplicationName("EnergyTTT").PersistKeysToFileSystem(Directory.CreateDirectory(Path.Combine(options.SecretsFolder, "cookie-keys")));

        services.AddIdentityCore<Person>(identity =>
            {
                identity.Password.RequiredLength = 12;
                identity.Password.RequiredUniqueChars = 1;
                identity.Password.RequireDigit = false;
                identity.Password.RequireLowercase = false;
                identity.Password.RequireUppercase = false;
                identity.Password.RequireNonAlphanumeric = false;
                identity.Lockout.MaxFailedAccessAttempts = 5;
                identity.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5);
                identity.Lockout.AllowedForNewUsers = true;
                identity.Stores.SchemaVersion = IdentitySchemaVersions.Version3;
            })
            .AddRoles<IdentityRole<Guid>>()
            .AddEntityFrameworkStores<AccessDbContext>()
            .AddPasswordValidator<WeakPasswords>()
            .AddSignInManager()
            .AddDefaultTokenProviders();

        // A host with schemes of its own (API keys) sets its default before or after; the portal's policies name their scheme.
        services.AddAuthentication(authentication => authentication.DefaultScheme ??= IdentityConstants.ApplicationScheme).AddIdentityCookies();
        services.ConfigureApplicationCookie(cookie =>
        {
            cookie.Cookie.Name = "ettt-session";
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.ExpireTimeSpan = TimeSpan.FromHours(12);
            cookie.SlidingExpiration = true;
            cookie.LoginPath = "/sign-in";
            cookie.LogoutPath = "/account";
            cookie.AccessDeniedPath = "/no-entry";
            cookie.ReturnUrlParameter = "return";
            cookie.Events.OnRedirectToLogin = context => OnlyPagesRedirect(context, StatusCodes.Status401Unauthorized);
            cookie.Events.OnSigningIn = SessionCookie.Begin;
            cookie.Events.OnSigningOut = SessionCookie.End;
            cookie.Events.OnValidatePrincipal = SessionCookie.Validate;
            cookie.Events.OnRedirectToAccessDenied = context => OnlyPagesRedirect(context, StatusCodes.Status403Forbidden);
        });
        services.Configure<SecurityStampValidatorOptions>(validator => (validator.ValidationInterval, validator.OnRefreshingPrincipal) = (TimeSpan.FromSeconds(20), SessionCookie.Carry));

        // OWASP's count for PBKDF2 with HMAC-SHA-512; a hash of fewer rounds is made anew at the next sign-in.
        services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = 210_000);
        services.AddOpenIdDoor(options.OpenId);
        services.AddAuthorization(AccessPolicies.Add);
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "ettt-form";
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
    }

    // A chart whose session has ended must hear 401, not be handed a sign-in page as data.
    private static Task OnlyPagesRedirect(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        if (context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal) || context.Request.Path.StartsWithSegments("/_blazor", StringComparison.Ordinal))
        {
            context.Response.StatusCode = status;
        }
        else
        {
            context.Response.Redirect(context.RedirectUri);
        }

        return Task.CompletedTask;
    }
}

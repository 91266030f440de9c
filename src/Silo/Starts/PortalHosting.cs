using EnergyTTT.History.Servers;
using EnergyTTT.Portal;
using EnergyTTT.Silo.Settings;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;

namespace EnergyTTT.Silo.Starts;

/// <summary>The portal inside this process, when its roles say so.</summary>
internal static class PortalHosting
{
    /// <summary>Registers the portal. A process without pages still knows the cookie's scheme, so that access rules read the same everywhere.</summary>
    public static void AddPortalPages(this WebApplicationBuilder builder, ServerSettings settings, DataFolder folder)
    {
        if (settings.Roles.HasFlag(Roles.Portal))
        {
            builder.Services.AddPortal(portal =>
            {
                builder.Configuration.GetSection("Portal").Bind(portal);
                builder.Configuration.GetSection("OpenId").Bind(portal.OpenId);
                portal.SecretsFolder = folder.Secrets;
            });
            return;
        }

        builder.Services.AddAuthentication().AddCookie(IdentityConstants.ApplicationScheme, cookie => cookie.Events = new CookieAuthenticationEvents
        {
            OnRedirectToLogin = context =>
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return Task.CompletedTask;
            },
        });
    }

    /// <summary>Before authentication: what is missing is said by a page.</summary>
    public static void UseMissingPage(this WebApplication app, ServerSettings settings)
    {
        if (settings.Roles.HasFlag(Roles.Portal))
        {
            app.UseMissingPage();
        }
    }

    /// <summary>Maps the pages.</summary>
    public static void MapPortalPages(this WebApplication app, ServerSettings settings)
    {
        if (settings.Roles.HasFlag(Roles.Portal))
        {
            app.MapPortal();
        }
    }
}

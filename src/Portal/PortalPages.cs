using System.Globalization;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Components;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.Portal;

/// <summary>Puts the portal's pages into a host's pipeline.</summary>
public static class PortalPages
{
    /// <summary>
    /// What a page of this server may load: scripts, styles and connections from this origin only, no framing. Blazor and MudBlazor set style attributes, hence
    /// 'unsafe-inline' for styles; "connect-src 'self'" lets the circuit's socket through in every browser of today.
    /// </summary>
    public const string ContentSecurity =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        + "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>
    /// Maps pages and their assets. Call it once, after the host's own authentication is in the pipeline (a plain
    /// <see cref="WebApplication"/> puts it there by itself). The host's project sets <c>RequiresAspNetWebAssets</c>.
    /// </summary>
    public static WebApplication MapPortal(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseWhen(context => !context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal), pages => pages.UseRequestLocalization(Localisation()));
        app.UseResponseCompression();
        app.Use(GuardPages);
        app.UseAntiforgery();
        app.MapStaticAssets();
        app.MapPasskeys();
        app.MapOpenIdDoor();
        app.MapRazorComponents<App>()
            .AddInteractiveServerRenderMode(server =>
            {
                // Ours says more, and one header is clearer than two.
                server.ContentSecurityFrameAncestorsPolicy = null;
                server.DisableWebSocketCompression = true;
            })
            .WithMetadata(new PortalPage());
        return app;
    }

    /// <summary>Answers a browser that asks for an address that there is not with a page inside the layout. Call it before authentication.</summary>
    public static WebApplication UseMissingPage(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseStatusCodePagesWithReExecute("/missing");
        app.Use(async (context, next) =>
        {
            // Asked before: the API further in has such a feature of its own and puts it into this place.
            var pages = context.Features.Get<IStatusCodePagesFeature>();
            await next(context);
            if (pages is not null)
            {
                pages.Enabled = context.Response.StatusCode == StatusCodes.Status404NotFound
                    && HttpMethods.IsGet(context.Request.Method)
                    && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
            }
        });
        return app;
    }

    // Words are English; separators of numbers are those that the browser asks for.
    private static RequestLocalizationOptions Localisation() => new()
    {
        DefaultRequestCulture = new("en"),
        SupportedUICultures = [CultureInfo.GetCultureInfo("en")],
        SupportedCultures = CultureInfo.GetCultures(CultureTypes.NeutralCultures | CultureTypes.SpecificCultures),
        RequestCultureProviders = [new AcceptLanguageHeaderRequestCultureProvider()],
    };

    private static async Task GuardPages(HttpContext context, RequestDelegate next)
    {
        if (!await context.RequestServices.GetRequiredService<DoorLimits>().Admit(context))
        {
            return;
        }

        // Browsers send cookies along when another site's page opens a socket here, and no rule of theirs keeps it out: only we can (ASVS 4.4.2).
        if (context.Request.Path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase) && OwnOrigin.Of(context.Request) == false)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<PortalPage>() is not null)
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurity;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers.CacheControl = "no-store";
        }

        await next(context);
    }

    private sealed class PortalPage;
}

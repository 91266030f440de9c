using EnergyTTT.Portal.Access;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Security;

/// <summary>A browser's cookie counts for a changing call of the API only when the browser says that our own page made the call.</summary>
internal static class SameOrigin
{
    /// <summary>Refuses cookie-borne POST, PUT, PATCH and DELETE under <c>/v1</c> that another site's page may have sent.</summary>
    public static void UseSameOriginForCookies(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        var request = context.Request;
        var changes = !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method));
        if (changes && request.Path.StartsWithSegments("/v1") && context.User.Identity?.IsAuthenticated == true && !Grants.IsKey(context.User) && OwnOrigin.Of(request) != true)
        {
            await context.Response.Write(new Problem(403, "cross_origin", "The call came from another site's page.", "Call from a page of this server, or use an API key."), context.RequestAborted);
            return;
        }

        await next(context);
    });
}

using System.Net;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Silo.Settings;

namespace EnergyTTT.Silo.Security;

/// <summary>With <c>RequireTls</c>: whatever did not come by TLS (its own, or by the word of a known proxy) is turned away, the circuit's socket too (ASVS 4.4.1). This machine may ask as it likes.</summary>
internal static class TlsOnly
{
    /// <summary>After the proxies' word is known, before anything reads a key or a cookie.</summary>
    public static void UseTlsOnly(this WebApplication app, ServerSettings settings)
    {
        if (!settings.RequireTls)
        {
            return;
        }

        app.Use(async (context, next) =>
        {
            var request = context.Request;
            if (request.IsHttps || context.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address))
            {
                await next(context);
            }
            else if (HttpMethods.IsGet(request.Method) && !context.WebSockets.IsWebSocketRequest && !request.Headers.ContainsKey("Upgrade") && !request.Path.StartsWithSegments("/v1") && !request.Path.StartsWithSegments("/_blazor"))
            {
                context.Response.Redirect($"https://{request.Host}{request.PathBase}{request.Path}{request.QueryString}", permanent: true, preserveMethod: true);
            }
            else
            {
                await context.Response.Write(new Problem(403, "tls_required", "The call came in the clear.", "Use https (wss for sockets); this server has RequireTls set."), context.RequestAborted);
            }
        });
    }
}

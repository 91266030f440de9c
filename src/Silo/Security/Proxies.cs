using EnergyTTT.Silo.Settings;
using Microsoft.AspNetCore.HttpOverrides;

namespace EnergyTTT.Silo.Security;

/// <summary>Believes a reverse proxy about whom it asks for, if it is one of those that the settings name, and nobody else (ASVS 4.1.3).</summary>
internal static class Proxies
{
    /// <summary>First of all; without such a setting the headers mean nothing.</summary>
    public static void UseKnownProxies(this WebApplication app, ServerSettings settings)
    {
        if (settings.Proxies.Count == 0)
        {
            return;
        }

        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in settings.Proxies)
        {
            options.KnownProxies.Add(proxy);
        }

        app.UseForwardedHeaders(options);
    }
}

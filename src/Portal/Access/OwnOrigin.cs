using Microsoft.AspNetCore.Http;

namespace EnergyTTT.Portal.Access;

/// <summary>Whether a browser says that a page of this server made a request.</summary>
public static class OwnOrigin
{
    /// <summary>Null: the request names no origin.</summary>
    public static bool? Of(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Headers.Origin.ToString() is not { Length: > 0 } origin ? null
            : Uri.TryCreate(origin, UriKind.Absolute, out var sender) && string.Equals(sender.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);
    }
}

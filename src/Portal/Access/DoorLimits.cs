using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace EnergyTTT.Portal.Access;

/// <summary>
/// How often one address may try at the door (sign-in, second factor, invitation, set-up): enough for people, too little for guessing over many
/// accounts. One account rests by itself after five wrong passwords.
/// </summary>
public sealed class DoorLimits : IDisposable
{
    private static readonly string[] Doors = ["/sign-in", "/setup", "/join"];
    private readonly PartitionedRateLimiter<HttpContext> _limiter;

    /// <summary>With the number of tries that one address has in a minute.</summary>
    public DoorLimits(int perMinute) => _limiter = PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetSlidingWindowLimiter(
        context.Connection.RemoteIpAddress?.ToString() ?? "unknown",
        _ => new SlidingWindowRateLimiterOptions { PermitLimit = perMinute, Window = TimeSpan.FromMinutes(1), SegmentsPerWindow = 6, QueueLimit = 0 }));

    /// <inheritdoc/>
    public void Dispose() => _limiter.Dispose();

    /// <summary>Whether the request may go on; otherwise it is answered.</summary>
    public async Task<bool> Admit(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!HttpMethods.IsPost(context.Request.Method) || !Doors.Any(door => context.Request.Path.StartsWithSegments(door, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        using var lease = _limiter.AttemptAcquire(context);
        if (lease.IsAcquired)
        {
            return true;
        }

        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = 10.ToString(CultureInfo.InvariantCulture);
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync("Too many attempts from this address. Wait ten seconds and go back to the page before.", context.RequestAborted);
        return false;
    }
}

using System.Security.Claims;
using System.Threading.RateLimiting;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Endpoints;

/// <summary>How often one holder of a key, or one person, may ask: enough for every page and script, too little to starve the intake.</summary>
internal static class ReadLimits
{
    /// <summary>The policy's name.</summary>
    public const string Policy = "reads";

    private const int PerSecond = 100;
    private const int Burst = 400;

    /// <summary>Registers the limits.</summary>
    public static void AddReadLimits(this IServiceCollection services) => services.AddRateLimiter(limiter =>
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.OnRejected = (rejected, cancellationToken) => new ValueTask(rejected.HttpContext.Response.Write(
            new Problem(429, "too_many_requests", "Too many requests.", $"At most {PerSecond} requests a second are answered to one caller.") { RetryAfter = TimeSpan.FromSeconds(1) },
            cancellationToken));
        limiter.AddPolicy(Policy, context => RateLimitPartition.GetTokenBucketLimiter(Caller(context), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = Burst,
            TokensPerPeriod = PerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));
    });

    private static string Caller(HttpContext context) =>
        context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
}

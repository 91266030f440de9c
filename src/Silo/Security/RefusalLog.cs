using EnergyTTT.Contracts.Access;

namespace EnergyTTT.Silo.Security;

/// <summary>Says in the log who was refused what, and from where (ASVS 16.3.2, 16.3.3): missing rights, keys that do not count, too many tries. Never the query: it may hold what is nobody's business.</summary>
internal static partial class RefusalLog
{
    /// <summary>Around everything that refuses.</summary>
    public static void UseRefusalLog(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("EnergyTTT.Silo.Security.RefusalLog");
        app.Use(async (context, next) =>
        {
            await next(context);
            if (IsRefusal(context))
            {
                var caller = Caller.Of(context.User);
                Refused(logger, caller.Name, caller.Role ?? "no role", context.Request.Method, context.Request.Path.ToUriComponent(), context.Connection.RemoteIpAddress?.ToString() ?? "unknown", context.Response.StatusCode);
            }
        });
    }

    // A busy intake says 429 too: that is back-pressure and no refusal.
    private static bool IsRefusal(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => true,
        StatusCodes.Status429TooManyRequests => !context.Request.Path.StartsWithSegments("/v1/telemetry"),
        StatusCodes.Status302Found => context.Response.Headers.Location.ToString().Contains("/no-entry", StringComparison.Ordinal),
        _ => false,
    };

    [LoggerMessage(LogLevel.Warning, "{Caller} ({Role}) was refused {Method} {Path} from {Address}: {Status}")]
    private static partial void Refused(ILogger logger, string caller, string role, string method, string path, string address, int status);
}

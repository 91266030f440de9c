using Microsoft.AspNetCore.Diagnostics;

namespace EnergyTTT.Silo.Problems;

/// <summary>Gives every failure of the API the form of a problem: what threw, what is not there, what may not be done so.</summary>
internal static class ProblemPages
{
    /// <summary>Catches what endpoints throw and fills the empty failures of <c>/v1</c>.</summary>
    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = Answer, SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException });
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments("/v1"),
            api => api.UseStatusCodePages(async context =>
            {
                var response = context.HttpContext.Response;
                if (Known(response.StatusCode) is { } problem)
                {
                    await response.Write(problem, context.HttpContext.RequestAborted);
                }
            }));
    }

    private static Task Answer(HttpContext context)
    {
        var problem = context.Features.Get<IExceptionHandlerFeature>()?.Error switch
        {
            BadHttpRequestException bad => new Problem(bad.StatusCode, bad.StatusCode == 413 ? "too_large" : "bad_request", "The request cannot be understood.", bad.Message),
            Npgsql.PostgresException { SqlState: ['2', '2', ..] } => new Problem(400, "bad_request", "The request cannot be understood.", "A text or a number in it cannot be stored or compared, such as a character of value 0."),
            OrleansException or TimeoutException or Npgsql.NpgsqlException => new Problem(503, "unavailable", "A part of the server does not answer now.", "Try again shortly.") { RetryAfter = TimeSpan.FromSeconds(2) },
            _ => new Problem(500, "internal", "The server made a mistake.", $"It is in the server's log under trace {System.Diagnostics.Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier}."),
        };
        return context.Response.Write(problem, context.RequestAborted);
    }

    private static Problem? Known(int status) => status switch
    {
        404 => new Problem(404, "not_found", "There is nothing at this address.", "/openapi/v1.json lists what there is."),
        405 => new Problem(405, "method_not_allowed", "The address does not know this method.", "/openapi/v1.json lists what there is."),
        415 => new Problem(415, "unsupported_media_type", "The body's type is not known.", "Send Content-Type: application/json."),
        400 => new Problem(400, "bad_request", "The request cannot be understood."),
        _ => null,
    };
}

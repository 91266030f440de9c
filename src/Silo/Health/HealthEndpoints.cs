using EnergyTTT.Silo.Problems;
using Npgsql;

namespace EnergyTTT.Silo.Health;

/// <summary><c>GET /health/live</c>: the process answers. <c>GET /health/ready</c>: it is started, not stopping, and the database answers.</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Maps the endpoints.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => TypedResults.Text("""{"status":"live"}""", "application/json"))
            .WithName("GetLive").WithTags("Operations").WithSummary("Whether the process answers").AllowAnonymous();
        routes.MapGet("/health/ready", Ready)
            .WithName("GetReady").WithTags("Operations").WithSummary("Whether requests can be served: started, not stopping, database there").AllowAnonymous()
            .Produces<Problem>(503, "application/problem+json");
    }

    private static async Task<IResult> Ready(NpgsqlDataSource source, IHostApplicationLifetime lifetime, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return NotReady("The process is starting or stopping.");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), patience, Patience, Timeout.InfiniteTimeSpan); // the state is the source given here
        try
        {
            // language=sql
            const string Sql = "select 1";
            await using var command = source.CreateCommand(Sql);
            await command.ExecuteScalarAsync(patience.Token);
            return TypedResults.Text("""{"status":"ready"}""", "application/json");
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException or TimeoutException)
        {
            return NotReady("The database does not answer.");
        }
    }

    private static IResult NotReady(string detail) =>
        new Problem(503, "not_ready", "The server cannot serve requests now.", detail) { RetryAfter = TimeSpan.FromSeconds(1) }.ToResult();
}

using System.Globalization;
using System.Text.Json;

namespace EnergyTTT.Silo.Problems;

/// <summary>Writes problems as <c>application/problem+json</c>.</summary>
internal static class ProblemAnswers
{
    private const string ContentType = "application/problem+json";

    /// <summary>Answers the request with the problem.</summary>
    public static Task Write(this HttpResponse response, Problem problem, CancellationToken cancellationToken)
    {
        response.StatusCode = problem.Status;
        if (problem.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return response.WriteAsJsonAsync(problem, ProblemJson.Default.Problem, ContentType, cancellationToken);
    }

    /// <summary>The problem as the result of a minimal endpoint.</summary>
    public static IResult ToResult(this Problem problem) => new ProblemResult(problem);

    private sealed class ProblemResult(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => httpContext.Response.Write(problem, httpContext.RequestAborted);
    }
}

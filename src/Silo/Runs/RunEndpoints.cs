using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Contrasts;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Silo.Runs;

/// <summary>Recorded runs as they are asked for: by query, one by one, side by side, as files.</summary>
internal static class RunEndpoints
{
    private const string ProblemType = "application/problem+json";

    /// <summary>Maps the endpoints.</summary>
    public static void MapRuns(this IEndpointRouteBuilder routes)
    {
        var runs = routes.MapGroup("/v1/runs").WithTags("Runs");
        runs.MapRunRecording();
        var reads = runs.MapGroup("").RequireAuthorization(Policies.Read);
        reads.MapGet("", List).WithName("ListRuns").WithSummary("Runs that a query finds, page by page")
            .WithDescription("q is a boolean expression such as: metric.saving_percent > 5 and (gpu.model like \"%H100%\" or tag.site in (\"ams\",\"fra\")) and started >= now-30d. A mistake is answered with its position and what was expected.")
            .Produces(200, contentType: "application/json").Produces<Problem>(400, ProblemType).Produces<Problem>(422, ProblemType);
        reads.MapGet("/export", Export).WithName("ExportRuns").WithSummary("All runs that a query finds, as CSV, JSON or Parquet")
            .Produces(200, contentType: "text/csv", additionalContentTypes: ["application/json", Series.SeriesParquet.ContentType]).Produces<Problem>(400, ProblemType);
        reads.MapGet("/fields", Fields).WithName("ListRunFields").WithSummary("The names by which runs can be searched").Produces<FieldList>();
        reads.MapGet("/compare", Compare).WithName("CompareRuns").WithSummary("Runs side by side: what differs, and joules per token against the first with intervals").Produces<RunContrast>()
            .Produces<Problem>(400, ProblemType).Produces<Problem>(404, ProblemType);
        reads.MapGet("/{id}", One).WithName("GetRun").WithSummary("A whole run; with Accept: " + RunBundleFile.MediaType + " its bundle")
            .Produces<RunView>(200, "application/json", RunBundleFile.MediaType).Produces<Problem>(404, ProblemType);
        reads.MapGet("/{id}/receipt", Receipt).WithName("GetRunReceipt").WithSummary("How the joules of a run were measured, and whether they may be published").Produces<ReceiptView>().Produces<Problem>(404, ProblemType);
    }

    private static async Task<IResult> List([AsParameters] RunRequest request, RunReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        var (question, problem) = request.Read(time.GetUtcNow());
        return problem is not null ? problem.ToResult()
            : await Guard(async () => Results.Bytes(RunFormats.Json(await reader.Read(question!, cancellationToken)), "application/json")); // no problem, so there is a question
    }

    private static async Task<IResult> Export([AsParameters] RunRequest request, string? format, HttpContext context, RunReader reader, TimeProvider time)
    {
        var (question, problem) = request.Read(time.GetUtcNow());
        var wanted = string.IsNullOrEmpty(format) ? "csv" : format;
        if (problem is null && !RunExport.Formats.Contains(wanted))
        {
            problem = new Problem(400, "invalid_format", "The format is not known.", $"format is '{format}'; one of {string.Join(", ", RunExport.Formats)} expected.");
        }

        return problem is not null ? problem.ToResult() : await Guard(async () =>
        {
            await RunExport.Send(context, reader, question!, wanted, context.RequestAborted); // no problem, so there is a question
            return Results.Empty;
        });
    }

    private static async Task<IResult> Fields(RunReader reader, CancellationToken cancellationToken) =>
        TypedResults.Json(new FieldList(await reader.Fields(cancellationToken)), RunViewJson.Default.FieldList);

    private static async Task<IResult> One(string id, HttpContext context, RunReader reader)
    {
        if (!Guid.TryParse(id, out var run) || await reader.Find(run, context.RequestAborted) is not { } record)
        {
            return RunAnswers.Unknown(id).ToResult();
        }

        return context.Request.Headers.Accept.ToString().Contains(RunBundleFile.MediaType, StringComparison.OrdinalIgnoreCase)
            ? TypedResults.File(RunBundleFile.Write(record.Bundle), RunBundleFile.MediaType, run.ToString("D") + RunBundleFile.Extension)
            : TypedResults.Json(RunView.Of(record), RunViewJson.Default.RunView);
    }

    private static async Task<IResult> Receipt(string id, RunReader reader, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var run) && await reader.Find(run, cancellationToken) is { } record
            ? TypedResults.Json(ReceiptView.Of(record), RunViewJson.Default.ReceiptView)
            : RunAnswers.Unknown(id).ToResult();

    private static async Task<IResult> Compare(string? ids, string? baseline, RunReader reader, CancellationToken cancellationToken)
    {
        var names = (ids ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (!string.IsNullOrEmpty(baseline))
        {
            names = [baseline, .. names.Where(name => !name.Equals(baseline, StringComparison.OrdinalIgnoreCase))];
        }

        if (names.Count is < 2 or > RunContrasts.MostRuns)
        {
            return new Problem(400, "invalid_ids", "The parameter ids is not understood.", $"ids names {names.Count} runs; 2 to {RunContrasts.MostRuns} with ',' between them expected.").ToResult();
        }

        var found = new List<RunBundle>();
        foreach (var name in names)
        {
            if (!Guid.TryParse(name, out var run) || await reader.Find(run, cancellationToken) is not { } record)
            {
                return RunAnswers.Unknown(name).ToResult();
            }

            found.Add(record.Bundle);
        }

        return TypedResults.Json(RunContrasts.Of(found), RunViewJson.Default.RunContrast);
    }

    private static async Task<IResult> Guard(Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (RunQueryException wrong)
        {
            // Query, order and columns were read before: what is left is the cursor.
            return RunAnswers.Of(wrong, "cursor").ToResult();
        }
        catch (RunQueryTooSlowException slow)
        {
            return RunAnswers.Of(slow).ToResult();
        }
    }
}

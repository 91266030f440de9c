using System.Text.Json;
using EnergyTTT.History.Series;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Series;

/// <summary><c>GET /v1/series</c> and <c>GET /v1/metrics-catalogue</c>.</summary>
internal static class SeriesEndpoint
{
    /// <summary>Maps the endpoints.</summary>
    public static void MapSeries(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/series", Get)
            .RequireAuthorization(Policies.Read)
            .WithName("GetSeries")
            .WithTags("History")
            .WithSummary("How a metric went over time, in columns")
            .WithDescription("At most 1,500 points a series unless step says otherwise. The Accept header chooses JSON, CSV, Parquet or the binary columns that the portal's charts read.")
            .Produces(200, contentType: "application/json", additionalContentTypes: ["text/csv", SeriesParquet.ContentType, SeriesBinary.ContentType])
            .Produces<Problem>(400, "application/problem+json")
            .Produces<Problem>(406, "application/problem+json");
        routes.MapGet("/v1/metrics-catalogue", () => TypedResults.Json(MetricsCatalogue.All.Select(CatalogueEntry.Of).ToArray(), SeriesJson.Default.CatalogueEntryArray))
            .RequireAuthorization(Policies.Read)
            .WithName("GetMetricsCatalogue")
            .WithTags("History")
            .WithSummary("The metrics of /v1/series with their units and where they come from")
            .Produces<CatalogueEntry[]>();
    }

    private static async Task Get([AsParameters] SeriesRequest request, HttpContext context, SeriesReader reader, TimeProvider time)
    {
        var cancellationToken = context.RequestAborted;
        var (query, problem) = request.Read(time.GetUtcNow());
        var format = SeriesFormats.Choose(context.Request.Headers.Accept.ToString());
        problem ??= format is null
            ? new Problem(406, "not_acceptable", "None of the accepted types can be sent.", $"application/json, text/csv, {SeriesParquet.ContentType} and {SeriesBinary.ContentType} can.")
            : null;
        if (problem is not null)
        {
            await context.Response.Write(problem, cancellationToken);
            return;
        }

        SeriesColumns columns;
        try
        {
            columns = await reader.Read(query!, cancellationToken); // a request without a problem has a query
        }
        catch (SeriesQueryException exception)
        {
            await context.Response.Write(new Problem(400, exception.Code, $"The parameter {exception.Parameter} cannot be answered.", exception.Message), cancellationToken);
            return;
        }

        await format!.Value.Write(context.Response, columns, cancellationToken); // likewise
    }
}

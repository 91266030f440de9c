using System.Reflection;

namespace EnergyTTT.Silo.Docs;

/// <summary>The description of the API (<c>/openapi/v1.json</c>) and a page to browse it (<c>/docs</c>) that needs no script but its own file.</summary>
internal static class ApiDocs
{
    /// <summary>Registers the description.</summary>
    public static void AddApiDocs(this IServiceCollection services) => services.AddOpenApi("v1", options => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info.Title = "EnergyTTT";
        document.Info.Description = "Governs the energy of fleets of LLM inference hosts. Times are RFC 3339 UTC, quantities carry their unit in the name, unknown is null or absent and never 0.";
        return Task.CompletedTask;
    }));

    /// <summary>Maps description and page.</summary>
    public static void MapApiDocs(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        Map(app, "/docs", "docs.html", "text/html; charset=utf-8");
        Map(app, "/docs/docs.css", "docs.css", "text/css; charset=utf-8");
        Map(app, "/docs/docs.js", "docs.js", "text/javascript; charset=utf-8");
    }

    private static void Map(WebApplication app, string path, string resource, string contentType)
    {
        var bytes = Resource(resource);
        app.MapGet(path, () => TypedResults.Bytes(bytes, contentType)).AllowAnonymous().ExcludeFromDescription();
    }

    private static byte[] Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("docs/" + name)
            ?? throw new InvalidOperationException($"The resource docs/{name} is not in the assembly; src/Silo/Silo.csproj embeds it.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}

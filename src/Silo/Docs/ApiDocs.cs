using System.Reflection;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace EnergyTTT.Silo.Docs;

/// <summary>The description of the API (<c>/openapi/v1.json</c>) and a page to browse it (<c>/docs</c>) that needs no script but its own file.</summary>
internal static class ApiDocs
{
    private const string Scheme = "key";

    /// <summary>Registers the description.</summary>
    public static void AddApiDocs(this IServiceCollection services) => services.AddOpenApi("v1", options => options
        .AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "EnergyTTT";
            document.Info.Version = typeof(ApiDocs).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
            document.Info.Description = "Governs the energy of fleets of LLM inference hosts. Times are RFC 3339 UTC, quantities carry their unit in the name, unknown is null or absent and never 0.";
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "ettt_ID_SECRET_CHECK",
                Description = "An API key. People may come with the cookie of their sign-in instead.",
            };
            return Task.CompletedTask;
        })
        .AddOperationTransformer(Secure));

    /// <summary>Maps description and page.</summary>
    public static void MapApiDocs(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        Map(app, "/docs", "docs.html", "text/html; charset=utf-8");
        Map(app, "/docs/docs.css", "docs.css", "text/css; charset=utf-8");
        Map(app, "/docs/docs.js", "docs.js", "text/javascript; charset=utf-8");
    }

    /// <summary>Every call that asks who one is says so, and that it may answer 401 and 403.</summary>
    private static Task Secure(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (!metadata.OfType<IAllowAnonymous>().Any() && metadata.OfType<IAuthorizeData>().Any())
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
            operation.Responses ??= [];
            operation.Responses.TryAdd("401", new OpenApiResponse { Description = "No key, or one that is not accepted" });
            operation.Responses.TryAdd("403", new OpenApiResponse { Description = "The role does not allow this" });
        }

        return Task.CompletedTask;
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

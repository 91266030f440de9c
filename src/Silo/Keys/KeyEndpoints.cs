using System.Security.Claims;
using EnergyTTT.History.Access;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Access;

namespace EnergyTTT.Silo.Keys;

/// <summary><c>GET</c>, <c>POST /v1/keys</c> and <c>DELETE /v1/keys/{id}</c>, for administrators.</summary>
internal static class KeyEndpoints
{
    private const int MostLimit = 1_000;
    private const int LongestName = 200;
    private const int MostNames = 1_000;
    private const int MostGraceHours = 24 * 30;

    /// <summary>Maps the endpoints.</summary>
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/v1/keys").RequireAuthorization(Policies.Administer).WithTags("Access");
        keys.MapGet("", List).WithName("ListKeys").WithSummary("All keys, newest first; never their secrets").Produces<KeyPage>();
        keys.MapPost("", Create).WithName("CreateKey").WithSummary("Makes a key; it is shown this once").Produces<CreatedKey>(201).Produces<Problem>(400, "application/problem+json").Produces<Problem>(409, "application/problem+json");
        keys.MapPost("/{id}/rotate", Rotate).WithName("RotateKey").WithSummary("Makes a successor for the same use, shown this once; the old key ends after a while").Produces<CreatedKey>(201).Produces<Problem>(400, "application/problem+json").Produces<Problem>(404, "application/problem+json").Produces<Problem>(409, "application/problem+json");
        keys.MapDelete("/{id}", Revoke).WithName("RevokeKey").WithSummary("Ends a key everywhere within 30 seconds").Produces(204).Produces<Problem>(404, "application/problem+json");
    }

    private static async Task<IResult> List(string? cursor, int? limit, ApiKeys keys, CancellationToken cancellationToken)
    {
        var size = limit ?? 100;
        if (size is < 1 or > MostLimit)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {size}; 1 to {MostLimit} expected.").ToResult();
        }

        var all = await keys.List(cancellationToken);
        List<ApiKeyInfo> rest = [.. cursor is null ? all : all.SkipWhile(key => key.Id != cursor).Skip(1)];
        return TypedResults.Json(new KeyPage([.. rest.Take(size)], rest.Count > size ? rest[size - 1].Id : null), KeyJson.Default.KeyPage);
    }

    private static async Task<IResult> Create(NewKey wanted, ApiKeys keys, ClaimsPrincipal user, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Fault(wanted, time.GetUtcNow()) is { } fault)
        {
            return new Problem(400, "invalid_key", "The key cannot be made.", fault).ToResult();
        }

        try
        {
            var (info, secret) = await keys.Create(
                new ApiKeyRequest(wanted.Role!, wanted.Owner, [.. wanted.Hosts ?? []], [.. wanted.Deployments ?? []], Actors.Of(user.Identity?.Name), wanted.Expires), // the check above wants a role
                cancellationToken);
            return TypedResults.Json(new CreatedKey(info.Id, secret.Text), KeyJson.Default.CreatedKey, statusCode: 201);
        }
        catch (ApiKeyLimitException exception)
        {
            return new Problem(409, "too_many_keys", "The owner has two live keys.", exception.Message).ToResult();
        }
    }

    private static async Task<IResult> Rotate(string id, double? hours, ApiKeys keys, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var grace = hours ?? 24;
        if (grace is not (>= 0 and <= MostGraceHours))
        {
            return new Problem(400, "invalid_hours", "The time is out of its range.", $"hours is {grace}; 0 to {MostGraceHours} expected, after which the old key ends.").ToResult();
        }

        try
        {
            return await keys.Rotate(id, TimeSpan.FromHours(grace), Actors.Of(user.Identity?.Name), cancellationToken) is var (info, secret)
                ? TypedResults.Json(new CreatedKey(info.Id, secret.Text), KeyJson.Default.CreatedKey, statusCode: 201)
                : new Problem(404, "key_unknown", "There is no such key.", $"No live key has the id '{id}'.").ToResult();
        }
        catch (ApiKeyLimitException exception)
        {
            return new Problem(409, "too_many_keys", "The owner has two live keys.", exception.Message).ToResult();
        }
    }

    private static async Task<IResult> Revoke(string id, ApiKeys keys, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        await keys.Revoke(id, Actors.Of(user.Identity?.Name), cancellationToken)
            ? TypedResults.NoContent()
            : new Problem(404, "key_unknown", "There is no such key.", $"No key has the id '{id}'.").ToResult();

    private static string? Fault(NewKey wanted, DateTimeOffset now)
    {
        if (wanted.Role is null || !ApiKeyRoles.All.Contains(wanted.Role))
        {
            return $"role is '{wanted.Role}'; one of {string.Join(", ", ApiKeyRoles.All)} expected.";
        }

        if (wanted.Expires <= now)
        {
            return $"expires is {wanted.Expires:O}, which is past.";
        }

        var names = (wanted.Hosts ?? []).Concat(wanted.Deployments ?? []).Append(wanted.Owner ?? "-").ToList();
        return names.Count > MostNames || names.Any(name => name is null || name.Length is 0 or > LongestName || name.Any(char.IsControl))
            ? $"owner, hosts and deployments are texts of 1 to {LongestName} characters, at most {MostNames} of them."
            : null;
    }
}

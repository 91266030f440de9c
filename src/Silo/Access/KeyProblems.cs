using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Access;

/// <summary>What holders of keys, and those without one, are told.</summary>
internal static class KeyProblems
{
    /// <summary>No key was sent.</summary>
    public static readonly Problem Missing = new(401, "key_missing", "A key is needed.", "Send Authorization: Bearer with an API key; 'energyttt keys create --local --role ROLE' makes one.");

    /// <summary>The key is not accepted. Which of the reasons it is, is nobody's business.</summary>
    public static readonly Problem Refused = new(401, "key_refused", "The key is not accepted.", "It is unknown, mistyped, expired or revoked.");

    /// <summary>The role is not one that may do this.</summary>
    public static readonly Problem NotAllowed = new(403, "role_not_allowed", "The role does not allow this.", "Use a key, or sign in as a person, with a role that does.");

    /// <summary>Whether the key is good cannot be known now; a sender must hear "later" and not "never".</summary>
    public static readonly Problem Away = new(429, "busy", "The database is away.", "Nothing was stored; send the same again.") { RetryAfter = TimeSpan.FromSeconds(2) };

    private const string Prefix = "Bearer ";

    /// <summary>The key in the header, or null.</summary>
    public static string? Presented(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? header[Prefix.Length..].Trim() : null;
    }

    /// <summary>Answers with the problem, and with what RFC 6750 wants beside a 401.</summary>
    public static Task Answer(HttpContext context, Problem problem)
    {
        if (problem.Status == 401)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"EnergyTTT\"";
        }

        return context.Response.Write(problem, context.RequestAborted);
    }
}

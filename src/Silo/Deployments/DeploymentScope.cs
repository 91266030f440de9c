using System.Collections.Immutable;
using System.Security.Claims;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Deployments;

/// <summary>What keeps a caller from a deployment.</summary>
internal static class DeploymentScope
{
    private const int LongestName = 128;

    /// <summary>Why the caller may not touch the deployment of this name; null when nothing is in the way.</summary>
    public static Problem? Refusal(string id, ClaimsPrincipal user)
    {
        if (id.Length is 0 or > LongestName || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
        {
            return new Problem(400, "invalid_deployment", "The name of the deployment is not valid.", $"A name has 1 to {LongestName} letters, digits, '.', '_' or '-'.");
        }

        return Grants.IsKey(user) && !Grants.Of(user).CoversDeployment(id)
            ? new Problem(403, "wrong_deployment", "The key is for another deployment.", $"This key may not speak for '{id}': ask an administrator for one that covers it.")
            : null;
    }

    /// <summary>The deployment was never put.</summary>
    public static Problem Unknown(string id) => new(404, "deployment_unknown", "The deployment is not known.", $"Nobody has put '{id}' yet: PUT /v1/deployments/{id} first.");

    /// <summary>What is wrong, field by field.</summary>
    public static Problem Refused(string title, ImmutableArray<SteeringProblem> problems) =>
        new(422, problems[0].Code, title, string.Join("; ", problems.Select(problem => $"{problem.Field}: {problem.Reason}")))
        {
            Errors = [.. problems.Select(problem => new ProblemItem(problem.Field, problem.Code, problem.Reason))],
        };
}

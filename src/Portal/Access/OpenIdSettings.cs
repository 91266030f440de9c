using System.ComponentModel.DataAnnotations;
using EnergyTTT.History.Access;

namespace EnergyTTT.Portal.Access;

/// <summary>Sign-in at an OpenID Connect provider, beside passwords; off until <see cref="Authority"/> is set. Section <c>OpenId</c>.</summary>
public sealed class OpenIdSettings
{
    /// <summary>The name of the scheme and of the login in the database.</summary>
    public const string Scheme = "openid";

    /// <summary>Address of the provider, under which <c>/.well-known/openid-configuration</c> lies; null: off.</summary>
    public string? Authority { get; set; }

    /// <summary>What the provider knows this server as.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>The client's secret; null for a public client (PKCE is used either way).</summary>
    public string? ClientSecret { get; set; }

    /// <summary>A file that holds the secret, instead of <see cref="ClientSecret"/>.</summary>
    public string? ClientSecretFile { get; set; }

    /// <summary>What the button says after "Sign in with".</summary>
    [StringLength(60)]
    public string Name { get; set; } = "single sign-on";

    /// <summary>Scopes that are asked for beside <c>openid</c>, separated by spaces.</summary>
    public string Scopes { get; set; } = "profile";

    /// <summary>The claim with the user name.</summary>
    public string NameClaim { get; set; } = "preferred_username";

    /// <summary>The claim with the groups.</summary>
    public string GroupClaim { get; set; } = "groups";

    /// <summary>Groups by role, separated by commas: <c>OpenId__Roles__administrator=energy-admins</c>. The strongest role counts; who is in none of them is refused.</summary>
    public Dictionary<string, string> Roles { get; } = [];

    /// <summary>Whether it is on.</summary>
    public bool IsOn => !string.IsNullOrWhiteSpace(Authority);

    /// <summary>The strongest role that these groups give; null: none.</summary>
    public string? RoleOf(IReadOnlyCollection<string> groups) => PersonRoles.All.LastOrDefault(role =>
        Roles.TryGetValue(role, out var wanted) && wanted.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Any(groups.Contains));

    /// <summary>The secret, from wherever it is.</summary>
    public string? Secret() => ClientSecretFile is { Length: > 0 } file ? File.ReadAllText(file).Trim() : ClientSecret;

    /// <summary>Everything that is wrong with the settings, one sentence each.</summary>
    public IEnumerable<string> Faults()
    {
        if (!IsOn)
        {
            yield break;
        }

        if (!Uri.TryCreate(Authority, UriKind.Absolute, out var address) || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)))
        {
            yield return $"OpenId:Authority is '{Authority}'; an https address is expected (http on this machine only).";
        }

        if (string.IsNullOrWhiteSpace(ClientId))
        {
            yield return "OpenId:ClientId is not set; the provider gave one when this server was registered there.";
        }

        foreach (var role in Roles.Keys.Where(role => !PersonRoles.All.Contains(role)))
        {
            yield return $"OpenId:Roles:{role} is no role; viewer, operator or administrator expected.";
        }

        if (Roles.Count == 0)
        {
            yield return "OpenId:Roles names no group, so nobody could sign in; set OpenId:Roles:administrator to a group, for example.";
        }

        if (ClientSecretFile is { Length: > 0 } file && !File.Exists(file))
        {
            yield return $"OpenId:ClientSecretFile is '{file}', which cannot be read.";
        }
    }
}

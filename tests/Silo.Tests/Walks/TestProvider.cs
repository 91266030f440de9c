using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using EnergyTTT.Silo.Tests.Products;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EnergyTTT.Silo.Tests.Walks;

/// <summary>
/// A small OpenID Connect provider on a port of its own: discovery, published keys, code flow with PKCE, RS256 tokens. Whoever comes is the person
/// that the test says; <see cref="Spoil"/> makes tokens that must not be believed.
/// </summary>
public sealed class TestProvider : IAsyncDisposable
{
    public const string ClientId = "energyttt";
    public const string ClientSecret = "s3cret of the client";

    private readonly RSA _key = RSA.Create(2048);
    private readonly RSA _otherKey = RSA.Create(2048);
    private readonly ConcurrentDictionary<string, (string Challenge, string Nonce, string Redirect)> _codes = new();
    private readonly WebApplication _app;

    private TestProvider(WebApplication app, string address) => (_app, Address) = (app, address);

    public string Address { get; }

    /// <summary>Who signs in next.</summary>
    public (string Subject, string Name, string[] Groups) Person { get; set; } = ("1", "nobody", []);

    /// <summary><c>key</c>, <c>audience</c>, <c>issuer</c>, <c>nonce</c> or <c>expired</c>; null: tokens are good.</summary>
    public string? Spoil { get; set; }

    /// <summary>How many codes were exchanged with a right verifier.</summary>
    public int Exchanged { get; private set; }

    public static async Task<TestProvider> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var address = $"http://127.0.0.1:{Product.FreePort()}";
        builder.WebHost.UseUrls(address);
        var app = builder.Build();
        var provider = new TestProvider(app, address);
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, object>
        {
            ["issuer"] = address,
            ["authorization_endpoint"] = address + "/authorize",
            ["token_endpoint"] = address + "/token",
            ["jwks_uri"] = address + "/keys",
            ["response_types_supported"] = new[] { "code" },
            ["subject_types_supported"] = new[] { "public" },
            ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
        }));
        app.MapGet("/keys", () =>
        {
            var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(provider._key.ExportParameters(false)) { KeyId = "k1" });
            return Results.Json(new { keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = "k1", n = key.N, e = key.E } } });
        });
        app.MapGet("/authorize", (Delegate)provider.Authorize);
        app.MapPost("/token", (Delegate)provider.Token);
        await app.StartAsync();
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
        _otherKey.Dispose();
    }

    private IResult Authorize(HttpContext context)
    {
        var query = context.Request.Query;
        if (query["client_id"] != ClientId || query["response_type"] != "code" || query["code_challenge_method"] != "S256" || !query["scope"].ToString().Split(' ').Contains("openid"))
        {
            return Results.BadRequest("not the request that was agreed on");
        }

        var code = Guid.NewGuid().ToString("N");
        _codes[code] = (query["code_challenge"].ToString(), query["nonce"].ToString(), query["redirect_uri"].ToString());
        return Results.Redirect($"{query["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(query["state"].ToString())}");
    }

    private async Task<IResult> Token(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var challenge = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        if (!_codes.TryRemove(form["code"].ToString(), out var asked) || asked.Challenge != challenge || asked.Redirect != form["redirect_uri"] || form["client_secret"] != ClientSecret || form["client_id"] != ClientId)
        {
            return Results.Json(new { error = "invalid_grant" }, statusCode: 400);
        }

        Exchanged++;
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var expires = Spoil == "expired" ? now.AddHours(-1) : now.AddMinutes(5);
        var token = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Spoil == "issuer" ? "http://elsewhere" : Address,
            Audience = Spoil == "audience" ? "another" : ClientId,
            IssuedAt = expires.AddMinutes(-5),
            Expires = expires,
            Claims = new Dictionary<string, object> { ["sub"] = Person.Subject, ["preferred_username"] = Person.Name, ["nonce"] = Spoil == "nonce" ? "x" : asked.Nonce, ["groups"] = Person.Groups },
            SigningCredentials = new SigningCredentials(new RsaSecurityKey(Spoil == "key" ? _otherKey : _key) { KeyId = "k1" }, SecurityAlgorithms.RsaSha256),
        });
        return Results.Json(new { access_token = "a", token_type = "Bearer", expires_in = 300, id_token = token });
    }
}

using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace EnergyTTT.Silo.Tests.Walks;

/// <summary>A browser without a screen: reads a page's form, posts it back with its hidden fields, keeps cookies.</summary>
public sealed partial class Door(AccessHost host) : IDisposable
{
    public CookieContainer Cookies { get; } = new();

    public HttpClient Client => _client ??= host.Client(Cookies);

    private HttpClient? _client;

    public string? Session => Cookies.GetCookies(host.Server)["ettt-session"]?.Value;

    /// <summary>Signs in by the form of the page.</summary>
    public Task<HttpResponseMessage> SignIn(string name, string password, string address = "/sign-in") =>
        Post(address, "sign-in", new() { ["Input.UserName"] = name, ["Input.Password"] = password });

    /// <summary>Posts one of a page's forms by its handler's name.</summary>
    public async Task<HttpResponseMessage> Post(string address, string form, Dictionary<string, string> fields)
    {
        var page = await Client.GetStringAsync(new Uri(address, UriKind.Relative));
        var token = Token().Match(page);
        Assert.True(token.Success, $"{address} has no form with a token");
        using var body = new FormUrlEncodedContent(new Dictionary<string, string>(fields) { ["_handler"] = form, ["__RequestVerificationToken"] = token.Groups[1].Value });
        return await Client.PostAsync(new Uri(address, UriKind.Relative), body);
    }

    public void Dispose() => _client?.Dispose();

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}

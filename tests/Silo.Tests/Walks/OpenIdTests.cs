using System.Net;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Access;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EnergyTTT.Silo.Tests.Walks;

/// <summary>Sign-in at an identity provider: real discovery, real keys, real tokens, over HTTP.</summary>
public sealed class OpenIdTests : IAsyncLifetime
{
    private readonly AccessHost _host = new();
    private TestProvider _provider = null!; // set in InitializeAsync

    public async Task InitializeAsync()
    {
        _provider = await TestProvider.Start();
        _host.Settings.AddRange(
        [
            "--OpenId:Authority", _provider.Address, "--OpenId:ClientId", TestProvider.ClientId, "--OpenId:ClientSecret", TestProvider.ClientSecret, "--OpenId:Name", "Example",
            "--OpenId:Roles:administrator", "energy-admins", "--OpenId:Roles:operator", "energy-ops, night shift", "--OpenId:Roles:viewer", "staff",
        ]);
        await _host.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task A_person_comes_in_with_the_role_of_the_groups_which_is_read_anew_every_time()
    {
        using (var page = new Door(_host))
        {
            Assert.Contains("Sign in with Example", await page.Client.GetStringAsync(new Uri("/sign-in", UriKind.Relative)), StringComparison.Ordinal);
        }

        _provider.Person = ("sub-1", "ines", ["staff", "night shift", "golf"]);
        using var first = await Walk("/runs");
        Assert.Equal("/runs", first.Where);
        Assert.Equal(("operator", 1), (await Find("ines") is { } ines ? ines.Role : "", _provider.Exchanged));
        Assert.Equal("Example", (await Find("ines"))!.Provider); // found in the line before
        using (var account = await first.Door.Client.GetAsync(new Uri("/v1/fleet", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.OK, account.StatusCode);
        }

        _provider.Person = ("sub-1", "ines", ["staff"]);
        using var second = await Walk("/");
        Assert.Equal(("/", "viewer"), (second.Where, (await Find("ines"))!.Role));

        _provider.Person = ("sub-1", "ines", ["golf"]);
        using var third = await Walk("/");
        Assert.Equal("/sign-in?problem=group", third.Where);
        Assert.Null(third.Door.Session);
    }

    [Fact]
    public async Task An_account_here_is_not_taken_over_by_its_name_and_a_disabled_person_stays_out()
    {
        _provider.Person = ("sub-2", "ada", ["energy-admins"]);
        using var taken = await Walk("/");
        Assert.Equal("/sign-in?problem=name", taken.Where);

        _provider.Person = ("sub-3", "ivo", ["staff"]);
        using var comes = await Walk("/");
        Assert.Equal("/", comes.Where);
        await _host.Services.GetRequiredService<PeopleKeeper>().Change((await Find("ivo"))!.Id, new PersonChange(Disabled: true), CancellationToken.None); // came in just now
        using var stays = await Walk("/");
        Assert.Equal("/sign-in?problem=disabled", stays.Where);
    }

    [Theory]
    [InlineData("key")]
    [InlineData("audience")]
    [InlineData("issuer")]
    [InlineData("nonce")]
    [InlineData("expired")]
    public async Task A_token_that_is_not_right_lets_nobody_in(string spoil)
    {
        (_provider.Person, _provider.Spoil) = (("sub-9", "mallory", ["energy-admins"]), spoil);

        using var walk = await Walk("/");

        Assert.Equal("/sign-in?problem=provider", walk.Where);
        Assert.Null(walk.Door.Session);
        Assert.Null(await Find("mallory"));
        _provider.Spoil = null;
    }

    [Fact]
    public async Task An_answer_that_nobody_asked_for_and_a_way_back_to_elsewhere_lead_nowhere()
    {
        _provider.Person = ("sub-4", "ike", ["staff"]);
        using var stray = new Door(_host);
        using var refused = await stray.Client.GetAsync(new Uri("/sign-in/openid/back?code=x&state=y", UriKind.Relative));
        Assert.Equal("/sign-in?problem=provider", refused.Headers.Location?.ToString());

        using var walk = await Walk("//evil.example/");
        Assert.Equal("/", walk.Where);
    }

    [Fact]
    public void Settings_that_cannot_be_are_all_named_at_once()
    {
        var settings = new OpenIdSettings { Authority = "http://idp.example.org" };
        settings.Roles["king"] = "x";

        Assert.Equal(3, settings.Faults().Count());
        Assert.Empty(new OpenIdSettings().Faults());
    }

    private async Task<PersonInfo?> Find(string name) => (await _host.Services.GetRequiredService<Sessions>().People(CancellationToken.None)).FirstOrDefault(person => person.UserName == name);

    private async Task<Journey> Walk(string wanted)
    {
        var door = new Door(_host);
        var where = "/sign-in/openid?return=" + Uri.EscapeDataString(wanted);
        for (var hops = 0; hops < 8; hops++)
        {
            using var answer = await door.Client.GetAsync(new Uri(where, UriKind.RelativeOrAbsolute));
            if (answer.StatusCode != HttpStatusCode.Redirect)
            {
                Assert.Fail($"{where} answered {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }

            where = answer.Headers.Location!.ToString(); // a redirect has it
            if (where == LocalAddress.Of(wanted) || where.StartsWith("/sign-in?problem", StringComparison.Ordinal))
            {
                return new Journey(door, where);
            }
        }

        throw new InvalidOperationException("still under way at " + where);
    }

    private sealed record Journey(Door Door, string Where) : IDisposable
    {
        public void Dispose() => Door.Dispose();
    }
}

using System.Diagnostics;
using System.Net;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Access;
using EnergyTTT.Silo.Tests.Walks;
using EnergyTTT.Testing.Authenticators;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace EnergyTTT.Silo.Tests.Asvs;

/// <summary>OWASP ASVS 5.0, chapters 6 and 7: passwords, the door, sessions. Each test names its rows.</summary>
[Collection(AccessCollection.Name)]
public sealed class SignInAsvsTests(AccessHost host)
{
    private PeopleKeeper People => host.Services.GetRequiredService<PeopleKeeper>();

    [Theory]
    [InlineData("V6.2.1", "elf Zeichen")]
    [InlineData("V6.2.4", "passwordpassword")]
    [InlineData("V6.2.4", "password1234")]
    [InlineData("V6.2.4", "123456789012")]
    [InlineData("V6.2.4", "qwertyuiop[]")]
    [InlineData("V6.2.4", "aaaaaaaaaaaa")]
    [InlineData("V6.2.4", "iloveyou1234")]
    [InlineData("V6.2.4", "1q2w3e4r5t6y")]
    [InlineData("V6.2.4", "administrator")]
    public async Task A_short_or_common_password_is_refused(string row, string password)
    {
        var made = await People.Create("weak-" + Guid.NewGuid().ToString("N")[..6], null, "viewer", null, password, CancellationToken.None);

        Assert.True(made.Code == "invalid_user", $"{row}: '{password}' was accepted");
    }

    [Fact]
    public async Task V6_2_8_A_password_counts_exactly_as_it_was_typed_case_spaces_and_length_included()
    {
        var password = " Größe 😀 " + new string('x', 100) + "Ende ";
        Assert.Null((await People.Create("exact", null, "viewer", null, password, CancellationToken.None)).Code);

        Assert.Equal(HttpStatusCode.Redirect, await SignIn("exact", password));
        foreach (var other in new[] { password.Trim(), password.ToLowerInvariant(), password[..^1], password[..72] })
        {
            Assert.Equal(HttpStatusCode.OK, await SignIn("exact", other));
        }
    }

    [Fact]
    public async Task V6_3_1_Five_wrong_passwords_let_an_account_rest_and_the_right_one_is_refused_meanwhile()
    {
        Assert.Null((await People.Create("guessed", null, "viewer", null, AccessHost.Password, CancellationToken.None)).Code);
        for (var tries = 0; tries < 5; tries++)
        {
            Assert.Equal(HttpStatusCode.OK, await SignIn("guessed", "falsch falsch falsch " + tries));
        }

        Assert.Equal(HttpStatusCode.OK, await SignIn("guessed", AccessHost.Password));
    }

    [Fact]
    public void V6_3_1_V2_4_1_One_address_has_so_many_tries_in_a_minute_and_then_waits()
    {
        using var limits = new DoorLimits(3);
        var answers = Enumerable.Range(0, 5).Select(_ =>
        {
            var context = new Microsoft.AspNetCore.Http.DefaultHttpContext { Request = { Method = "POST", Path = "/sign-in" } };
            return limits.Admit(context).GetAwaiter().GetResult() ? 200 : context.Response.StatusCode;
        });

        Assert.Equal([200, 200, 200, 429, 429], answers);
    }

    [Fact]
    public async Task V6_3_1_Neither_words_nor_status_tell_whether_a_name_exists_is_wrong_or_rests()
    {
        Assert.Null((await People.Create("resting", null, "viewer", null, AccessHost.Password, CancellationToken.None)).Code);
        for (var tries = 0; tries < 6; tries++)
        {
            await SignIn("resting", "falsch falsch falsch");
        }

        var answers = new List<string>();
        foreach (var name in new[] { "vera", "nobody-of-that-name", "resting" })
        {
            using var door = new Door(host);
            using var answer = await door.SignIn(name, "falsch falsch falsch");
            var text = await answer.Content.ReadAsStringAsync();
            var from = text.IndexOf("id=\"problem\"", StringComparison.Ordinal);
            Assert.True(from > 0, name);
            answers.Add((int)answer.StatusCode + text[from..text.IndexOf("</p>", from, StringComparison.Ordinal)]);
        }

        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task V6_3_1_A_name_that_nobody_has_takes_as_long_as_a_wrong_password()
    {
        Assert.Null((await People.Create("timed", null, "viewer", null, AccessHost.Password, CancellationToken.None)).Code);
        await Took("warm-up-nobody");
        var (known, unknown) = (double.MaxValue, double.MaxValue);
        for (var i = 0; i < 5; i++)
        {
            (known, unknown) = (Math.Min(known, await Took("timed")), Math.Min(unknown, await Took("nobody-to-be-timed")));
        }

        // The hash takes some hundred milliseconds; without it the unknown name would be answered in a tenth of the time.
        Assert.InRange(unknown / known, 0.3, 3.5);
    }

    [Fact]
    public async Task V6_3_2_There_is_no_account_that_nobody_made()
    {
        foreach (var (name, password) in new[] { ("admin", "admin"), ("administrator", "administrator"), ("root", "root"), ("sa", "sa"), ("energyttt", "energyttt") })
        {
            Assert.Equal(HttpStatusCode.OK, await SignIn(name, password));
        }
    }

    [Fact]
    public async Task V6_3_3_A_second_factor_is_asked_for_after_the_password_and_a_code_or_recovery_code_signs_in_once()
    {
        Assert.Null((await People.Create("careful", null, "viewer", null, AccessHost.Password, CancellationToken.None)).Code);
        string key;
        List<string> codes;
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var people = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
            var person = (await people.FindByNameAsync("careful"))!; // made two lines above
            await people.ResetAuthenticatorKeyAsync(person);
            key = (await people.GetAuthenticatorKeyAsync(person))!; // made in the line before
            await people.SetTwoFactorEnabledAsync(person, true);
            codes = [.. (await people.GenerateNewTwoFactorRecoveryCodesAsync(person, 3))!]; // of a person with a factor
        }

        using var door = new Door(host);
        using var first = await door.SignIn("careful", AccessHost.Password);
        Assert.Contains("/sign-in/second", first.Headers.Location!.ToString(), StringComparison.Ordinal); // a redirect has it
        Assert.Null(door.Session);
        using var wrong = await door.Post("/sign-in/second", "second", new() { ["Input.Code"] = "000000" });
        Assert.Null(door.Session);
        using var right = await door.Post("/sign-in/second", "second", new() { ["Input.Code"] = Totp.Code(key, TimeProvider.System.GetUtcNow()) });
        Assert.NotNull(door.Session);

        using var other = new Door(host);
        (await other.SignIn("careful", AccessHost.Password)).Dispose();
        (await other.Post("/sign-in/second", "second", new() { ["Input.Code"] = codes[0] })).Dispose();
        Assert.NotNull(other.Session);

        using var again = new Door(host);
        (await again.SignIn("careful", AccessHost.Password)).Dispose();
        (await again.Post("/sign-in/second", "second", new() { ["Input.Code"] = codes[0] })).Dispose();
        Assert.Null(again.Session);
    }

    [Fact]
    public void V11_4_2_Passwords_are_hashed_with_210000_rounds_of_pbkdf2_and_a_salt_of_their_own()
    {
        using var scope = host.Services.CreateScope();
        var hasher = scope.ServiceProvider.GetRequiredService<IPasswordHasher<Person>>();
        var hash = Convert.FromBase64String(hasher.HashPassword(new Person(), "x"));

        // Identity's third format: marker, pseudo-random function (2: HMAC-SHA-512), rounds, length of the salt, all big-endian.
        Assert.Equal((1, 2), (hash[0], System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(1))));
        Assert.Equal(210_000, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(5)));
        Assert.Equal(16, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(9)));
        Assert.NotEqual(hash, Convert.FromBase64String(hasher.HashPassword(new Person(), "x")));
    }

    [Fact]
    public async Task V7_2_3_V7_2_4_Every_sign_in_has_a_session_of_128_random_bits_and_a_planted_one_is_worth_nothing()
    {
        using var door = await host.SignedIn("vera");
        var planted = door.Session;
        var before = await SessionsOf("vera");

        (await door.SignIn("vera", AccessHost.Password, "/join")).Dispose();
        using var second = new Door(host);
        second.Cookies.Add(host.Server, new Cookie("ettt-session", planted));
        using var stillIn = await second.Client.GetAsync(new Uri("/account", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, stillIn.StatusCode);

        // Signing in again in the browser that holds the planted cookie makes another session and ends the planted one.
        using var renewed = new Door(host);
        renewed.Cookies.Add(host.Server, new Cookie("ettt-session", planted));
        (await renewed.Post("/account", "sign-out", [])).Dispose();
        (await renewed.SignIn("vera", AccessHost.Password)).Dispose();
        Assert.NotEqual(planted, renewed.Session);
        using var old = await second.Client.GetAsync(new Uri("/account", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Redirect, old.StatusCode);
        Assert.All(before, session => Assert.Equal(32, session.Id.Length));
        Assert.Equal(before.Length, before.Select(session => session.Id).Distinct().Count());
    }

    [Fact]
    public void V7_3_1_V7_3_2_A_session_ends_when_it_is_idle_and_in_any_case_after_a_while()
    {
        var limits = host.Services.GetRequiredService<IOptions<SessionLimits>>().Value;

        Assert.Equal((TimeSpan.FromHours(12), TimeSpan.FromDays(7)), (limits.Idle, limits.Longest));
    }

    [Theory]
    [InlineData("V7.3.1", "update access.session set seen = now() - interval '13 hours' where id = $1")]
    [InlineData("V7.3.2", "update access.session set started = now() - interval '8 days', ends = now() - interval '1 day' where id = $1")]
    public async Task A_session_that_is_too_old_is_refused(string row, string sql)
    {
        using var door = await host.SignedIn("vera");
        var newest = (await SessionsOf("vera"))[0];
        await using (var command = host.Source.CreateCommand(sql))
        {
            command.Parameters.Add(new Npgsql.NpgsqlParameter<string> { TypedValue = newest.Id });
            Assert.Equal(1, await command.ExecuteNonQueryAsync());
        }

        Assert.True(await IsOutWithin(door, TimeSpan.FromSeconds(15)), row);
    }

    [Fact]
    public async Task V7_4_1_V7_4_4_Signing_out_ends_the_session_on_the_server_and_every_page_offers_it()
    {
        using var door = await host.SignedIn("vera");
        var copied = new Door(host);
        copied.Cookies.Add(host.Server, new Cookie("ettt-session", door.Session));
        var page = await door.Client.GetStringAsync(new Uri("/runs", UriKind.Relative));

        (await door.Post("/account", "sign-out", [])).Dispose();

        Assert.Contains("nav-account", page, StringComparison.Ordinal);
        using var refused = await copied.Client.GetAsync(new Uri("/v1/fleet", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        copied.Dispose();
    }

    [Theory]
    [InlineData("V7.4.2 disabled")]
    [InlineData("V7.4.2 removed")]
    [InlineData("V7.4.5 ended by an administrator")]
    [InlineData("V8.3.2 another role")]
    [InlineData("V7.4.3 another password")]
    public async Task What_an_administrator_does_ends_the_sessions_of_a_person_within_half_a_minute(string row)
    {
        var name = "ends-" + Guid.NewGuid().ToString("N")[..8];
        var id = (await People.Create(name, null, "operator", null, AccessHost.Password, CancellationToken.None)).Person!.Id; // made now
        using var door = await host.SignedIn(name);
        using (var before = await door.Client.GetAsync(new Uri("/v1/fleet", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        }

        var done = row switch
        {
            "V7.4.2 disabled" => await People.Change(id, new PersonChange(Disabled: true), CancellationToken.None),
            "V7.4.2 removed" => await People.Remove(id, CancellationToken.None),
            "V7.4.5 ended by an administrator" => await People.EndSessions(id, CancellationToken.None),
            "V8.3.2 another role" => await People.Change(id, new PersonChange("viewer"), CancellationToken.None),
            _ => await People.Change(id, new PersonChange(Password: "sieben andere lose Worte"), CancellationToken.None),
        };

        Assert.Null(done.Code);
        Assert.True(await IsOutWithin(door, TimeSpan.FromSeconds(30)), row);
    }

    [Fact]
    public async Task V7_4_3_A_change_of_password_ends_the_other_sessions_and_keeps_this_one()
    {
        var name = "changes-" + Guid.NewGuid().ToString("N")[..8];
        Assert.Null((await People.Create(name, null, "viewer", null, AccessHost.Password, CancellationToken.None)).Code);
        using var here = await host.SignedIn(name);
        using var there = await host.SignedIn(name);

        (await here.Post("/account", "password", new() { ["Input.Current"] = AccessHost.Password, ["Input.Password"] = "sieben andere lose Worte", ["Input.Repeat"] = "sieben andere lose Worte" })).Dispose();

        using var stays = await here.Client.GetAsync(new Uri("/account", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, stays.StatusCode);
        Assert.True(await IsOutWithin(there, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task An_invitation_works_once_and_a_newer_one_ends_the_older()
    {
        var made = await People.Create("invited", null, "viewer", null, null, CancellationToken.None);
        var newer = await People.Invite(made.Person!.Id, CancellationToken.None); // made in the line before

        Assert.Equal("invitation_unknown", (await People.Accept(made.Token, AccessHost.Password, CancellationToken.None)).Code);
        Assert.Equal("invalid_user", (await People.Accept(newer.Token, "short", CancellationToken.None)).Code);
        var both = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => People.Accept(newer.Token, AccessHost.Password, CancellationToken.None)));
        Assert.Single(both, accepted => accepted.Code is null);
        Assert.Equal(HttpStatusCode.Redirect, await SignIn("invited", AccessHost.Password));
    }

    private async Task<HttpStatusCode> SignIn(string name, string password)
    {
        using var door = new Door(host);
        using var answer = await door.SignIn(name, password);
        return answer.StatusCode;
    }

    private async Task<double> Took(string name)
    {
        using var door = new Door(host);
        await door.Client.GetStringAsync(new Uri("/sign-in", UriKind.Relative));
        var clock = Stopwatch.StartNew();
        (await door.SignIn(name, "falsch falsch falsch")).Dispose();
        return clock.Elapsed.TotalMilliseconds;
    }

    private async Task<System.Collections.Immutable.ImmutableArray<SessionInfo>> SessionsOf(string name)
    {
        var sessions = host.Services.GetRequiredService<Sessions>();
        return await sessions.List((await sessions.People(CancellationToken.None)).Single(person => person.UserName == name).Id, CancellationToken.None);
    }

    private static async Task<bool> IsOutWithin(Door door, TimeSpan patience)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < patience; await Task.Delay(500))
        {
            using var answer = await door.Client.GetAsync(new Uri("/v1/fleet", UriKind.Relative));
            if (answer.StatusCode == HttpStatusCode.Unauthorized)
            {
                return true;
            }
        }

        return false;
    }
}

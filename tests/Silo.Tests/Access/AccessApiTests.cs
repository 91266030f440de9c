using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Silo.Tests.Products;
using Xunit;

namespace EnergyTTT.Silo.Tests.Access;

/// <summary>People, and the log of who changed what.</summary>
[Collection(ProductCollection.Name)]
public sealed class AccessApiTests(ProductFixture product)
{
    private const string GoodPassword = "vier lose Wolken singen";

    [Fact]
    public async Task A_person_is_made_changed_and_removed_and_the_log_says_by_whom()
    {
        var key = await product.NewKey("administrator");
        using var administrator = product.Product.Client(key.Text);

        var made = await administrator.PostAsJsonAsync("/v1/users", new { user_name = "grace", role = "viewer", password = GoodPassword });
        var person = await Body(made);
        var twice = await administrator.PostAsJsonAsync("/v1/users", new { user_name = "Grace", role = "viewer", password = GoodPassword });
        var changed = await administrator.PatchAsJsonAsync("/v1/users/" + (string)person["id"]!, new { role = "operator", locked = true });
        var listed = await Body(await administrator.GetAsync(new Uri("/v1/users?limit=1000", UriKind.Relative)));
        var removed = await administrator.DeleteAsync(new Uri("/v1/users/" + (string)person["id"]!, UriKind.Relative));
        var gone = await administrator.DeleteAsync(new Uri("/v1/users/" + (string)person["id"]!, UriKind.Relative));
        var log = await Body(await administrator.GetAsync(new Uri("/v1/audit?subject=person/grace&order=oldest", UriKind.Relative)));

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Conflict, HttpStatusCode.OK), (made.StatusCode, twice.StatusCode, changed.StatusCode));
        Assert.Equal("user_exists", (string)(await Body(twice))["code"]!);
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (removed.StatusCode, gone.StatusCode));
        var row = Assert.Single(listed["users"]!.AsArray(), user => (string)user!["user_name"]! == "grace");
        Assert.Equal("operator", (string)row!["role"]!);
        Assert.NotNull(row["locked_until"]);
        Assert.Equal(
            ["person.create", "person.role.give", "person.role.take", "person.role.give", "person.disable", "person.remove"],
            log["entries"]!.AsArray().Select(entry => (string)entry!["action"]!));
        Assert.All(log["entries"]!.AsArray(), entry => Assert.Equal("key/" + key.Id, (string)entry!["actor"]!));
        Assert.DoesNotContain(GoodPassword, log.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hal", "king", GoodPassword, "invalid_role")]
    [InlineData("hal", "viewer", "short", "invalid_user")]
    [InlineData("hal", "viewer", "qwertyuiopasdfgh", "invalid_user")]
    [InlineData("", "viewer", GoodPassword, "invalid_user")]
    public async Task An_account_that_cannot_be_is_refused_with_the_reason(string name, string role, string password, string code)
    {
        var answer = await product.Administrator.PostAsJsonAsync("/v1/users", new { user_name = name, role, password });

        Assert.Equal((HttpStatusCode.BadRequest, code), (answer.StatusCode, (string)(await Body(answer))["code"]!));
    }

    [Fact]
    public async Task The_last_administrator_can_neither_go_nor_be_demoted_nor_locked()
    {
        var made = await Body(await product.Administrator.PostAsJsonAsync("/v1/users", new { user_name = "root-of-all", role = "administrator", password = GoodPassword }));
        var address = new Uri("/v1/users/" + (string)made["id"]!, UriKind.Relative);

        HttpResponseMessage[] answers =
        [
            await product.Administrator.DeleteAsync(address),
            await product.Administrator.PatchAsJsonAsync(address, new { role = "viewer" }),
            await product.Administrator.PatchAsJsonAsync(address, new { locked = true }),
        ];

        foreach (var answer in answers)
        {
            Assert.Equal((HttpStatusCode.Conflict, "last_administrator"), (answer.StatusCode, (string)(await Body(answer))["code"]!));
        }
    }

    [Theory]
    [InlineData("/v1/users")]
    [InlineData("/v1/audit")]
    [InlineData("/v1/keys")]
    public async Task Only_administrators_manage_access(string path)
    {
        using var engine = await product.ClientOf("engine");
        using var operating = await product.ClientOf("operator");

        foreach (var client in new[] { product.Viewer, product.Agent, engine, operating })
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal((HttpStatusCode.Forbidden, "role_not_allowed"), (answer.StatusCode, (string)(await Body(answer))["code"]!));
        }

        using var nobody = product.Product.Client();
        using var refused = await nobody.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal((HttpStatusCode.Unauthorized, "key_missing"), (refused.StatusCode, (string)(await Body(refused))["code"]!));
    }

    [Theory]
    [InlineData("limit=0", "invalid_limit")]
    [InlineData("order=sideways", "invalid_order")]
    [InlineData("cursor=x", "invalid_cursor")]
    public async Task A_page_of_the_log_that_cannot_be_is_refused(string query, string code)
    {
        using var answer = await product.Administrator.GetAsync(new Uri("/v1/audit?" + query, UriKind.Relative));

        Assert.Equal((HttpStatusCode.BadRequest, code), (answer.StatusCode, (string)(await Body(answer))["code"]!));
    }

    private static async Task<JsonNode> Body(HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
}

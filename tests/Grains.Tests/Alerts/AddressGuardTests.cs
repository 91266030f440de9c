using System.Net;
using EnergyTTT.Grains.Alerts.Deliveries;
using EnergyTTT.Testing.Mails;
using EnergyTTT.Wire.Alerts;
using Microsoft.Extensions.Options;
using Xunit;

namespace EnergyTTT.Grains.Tests.Alerts;

/// <summary>Webhooks reach what is public, and beside that only what the server's own settings name.</summary>
public sealed class AddressGuardTests
{
    private static readonly AlertMessage Message = new(Guid.NewGuid(), "c", "g", AlertMessageKind.Test, DateTimeOffset.UnixEpoch, [], []);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.0.0.1")]
    [InlineData("172.20.1.1")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    public void What_is_not_public_is_not_reached(string address)
    {
        Assert.False(new AddressGuard([]).Admits("hooks.example", IPAddress.Parse(address)));
    }

    [Fact]
    public void What_is_public_or_named_is_reached()
    {
        var guard = new AddressGuard(["hooks.corp.example", "*.trusted.example", "10.1.0.0/16", "192.168.7.7"]);

        Assert.True(guard.Admits("hooks.example", IPAddress.Parse("93.184.216.34")));
        Assert.True(guard.Admits("hooks.example", IPAddress.Parse("2606:2800:220:1::1")));
        Assert.True(guard.Admits("hooks.corp.example", IPAddress.Parse("10.9.9.9")));
        Assert.True(guard.Admits("a.trusted.example", IPAddress.Parse("127.0.0.1")));
        Assert.True(guard.Admits("hooks.example", IPAddress.Parse("10.1.2.3")));
        Assert.False(guard.Admits("trusted.example", IPAddress.Parse("127.0.0.1")));
        Assert.False(guard.Admits("hooks.example", IPAddress.Parse("10.2.0.1")));
        Assert.True(guard.IsNamed("192.168.7.7"));
        Assert.Throws<FormatException>(() => new AddressGuard(["http://x/"]));
    }

    [Fact]
    public async Task A_name_that_leads_into_the_own_network_is_refused_for_good_and_nothing_is_sent()
    {
        await using var server = new HookServer();
        using var sender = new WebhookSender(Options.Create(new WebhookOptions()), TimeProvider.System);

        var plain = await sender.Send(Contact($"http://127.0.0.1:{server.Url.Port}/x"), "a secret of sixteen", Message, CancellationToken.None);
        var tls = await sender.Send(Contact($"https://localhost:{server.Url.Port}/x"), "a secret of sixteen", Message, CancellationToken.None);

        Assert.True(plain.IsFinal);
        Assert.Contains("plain http", plain.Error, StringComparison.Ordinal);
        Assert.True(tls.IsFinal);
        Assert.Contains("Alerts:Webhooks:Allow", tls.Error, StringComparison.Ordinal);
        Assert.Empty(server.Calls);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_what_is_refused_is_not_tried_again()
    {
        await using var server = new HookServer { Answer = call => call switch { 0 => (302, "http://127.0.0.1:1/elsewhere"), 1 => (410, null), 2 => (429, null), _ => (500, null) } };
        var options = new WebhookOptions();
        options.Allow.Add("127.0.0.1");
        using var sender = new WebhookSender(Options.Create(options), TimeProvider.System);

        var outcomes = new List<DeliveryOutcome>();
        for (var i = 0; i < 4; i++)
        {
            outcomes.Add(await sender.Send(Contact(server.Url.AbsoluteUri), "a secret of sixteen", Message, CancellationToken.None));
        }

        Assert.Equal([true, true, false, false], outcomes.Select(outcome => outcome.IsFinal));
        Assert.Equal(4, server.Calls.Count);
        Assert.All(outcomes, outcome => Assert.DoesNotContain("secret-path", outcome.Error, StringComparison.Ordinal));
    }

    [Fact]
    public void Pauses_grow_up_to_a_quarter_of_an_hour()
    {
        Assert.Equal([5, 10, 20, 40, 900, 900], new[] { 1, 2, 3, 4, 9, 60 }.Select(attempt => NotificationDispatcher.PauseAfter(attempt).TotalSeconds));
    }

    private static ContactPoint Contact(string url) => new("c", ContactKind.Webhook, url);
}

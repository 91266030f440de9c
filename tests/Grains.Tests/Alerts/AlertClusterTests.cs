using System.Globalization;
using System.Text;
using System.Text.Json;
using EnergyTTT.Contracts.Alerts;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Grains.Alerts;
using EnergyTTT.Grains.Alerts.Deliveries;
using EnergyTTT.Grains.Tests.Rollouts;
using EnergyTTT.History;
using EnergyTTT.History.Alerts;
using EnergyTTT.History.Frames;
using EnergyTTT.Testing.Mails;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Runtime;
using Xunit;

namespace EnergyTTT.Grains.Tests.Alerts;

/// <summary>From a silent host to a message at a real server, in a real cluster over a real database.</summary>
public sealed class AlertClusterTests
{
    private static readonly ContactPoint Hook = new("oncall", ContactKind.Webhook, GroupWaitSeconds: 0, GroupIntervalSeconds: 10, MinSeverity: AlertSeverity.Info);
    private static readonly AlertRule Rule = new("quiet-host", "agent_silence_seconds", 30, "Quiet host", Per: AlertPer.Host, RecoverSeconds: 0, Scope: new(Hosts: ["h1"]), ContactPoints: ["oncall"]);

    [Fact]
    public async Task A_silent_host_is_told_by_a_signed_webhook_once_taken_on_by_a_person_and_its_end_is_told_too()
    {
        await using var server = new HookServer { Answer = call => (call == 0 ? 503 : 204, null) };
        await using var cluster = await Start(1);
        var alerts = cluster.Grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key);
        await Alone(alerts);
        await Beat(cluster, "h1", TimeSpan.FromMinutes(2));
        var made = await alerts.SaveContact("oncall", new(Hook with { Url = server.Url.AbsoluteUri }), "person/ada");
        Assert.Equal((AlertOutcome.Done, 43), (made.Outcome, made.Secret!.Length));
        Assert.Null((await alerts.SaveContact("oncall", new(Hook with { Url = server.Url.AbsoluteUri }), "person/ada")).Secret);
        Assert.Equal(AlertOutcome.Done, (await alerts.SaveRule(Rule.Name, Rule, 0, "a test", "person/ada")).Outcome);

        // The first try was answered 503: the same message comes again, with the same key.
        await RolloutCluster.Until(() => Task.FromResult(server.Calls.Count >= 2), "a second try");
        HookCall[] calls = [.. server.Calls];
        Assert.Equal(calls[0].Headers["Idempotency-Key"], calls[1].Headers["Idempotency-Key"]);
        foreach (var call in calls)
        {
            Assert.Equal("v1=" + ContactSecret.Sign(made.Secret!, call.Headers["EnergyTTT-Timestamp"], call.Body), call.Headers["EnergyTTT-Signature"]);
        }

        var told = JsonSerializer.Deserialize(calls[1].Body, WireJson.Default.AlertMessage)!;
        Assert.Equal((AlertMessageKind.Firing, "host/h1", "quiet-host"), (told.Kind, told.Firing.Single().Instance, told.Firing.Single().Rule));
        Assert.InRange(told.Firing.Single().Value!.Value, 100, 300);

        // Somebody takes it on; the host comes back; the end is told.
        Assert.Equal(AlertOutcome.Done, (await alerts.Acknowledge(new(Rule.Name, "host/h1", "looking at it"), "person/olga")).Outcome);
        Assert.Equal("person/olga", (await alerts.Things(Rule.Name)).Single().Acknowledged!.By);
        await Beat(cluster, "h1", TimeSpan.Zero);
        await RolloutCluster.Until(() => Task.FromResult(server.Calls.Count >= 3), "the end");
        var over = JsonSerializer.Deserialize(server.Calls.Last().Body, WireJson.Default.AlertMessage)!;
        Assert.Equal((AlertMessageKind.Resolved, "host/h1"), (over.Kind, over.Resolved.Single().Instance));
        Assert.Equal(AlertState.Normal, (await alerts.Things(Rule.Name)).Single().State);

        // The history has every step, the log who did what, and no secret is in either.
        await using var source = HistoryRegistration.OpenSource(cluster.ConnectionString);
        var states = new AlertStateStore(source, TimeProvider.System);
        var history = await states.Transitions(Rule.Name, "host/h1", DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, long.MaxValue, 100, CancellationToken.None);
        Assert.Equal([(AlertState.Alerting, AlertState.Normal), (AlertState.Normal, AlertState.Alerting)], history.Select(change => (change.Before, change.After)));
        Assert.Single(history.Select(change => change.Episode).Distinct());
        var log = await Column(source, "select action || ' ' || actor || ' ' || detail from policy.audit");
        Assert.Contains(log, line => line.StartsWith("alert.rule.save person/ada", StringComparison.Ordinal));
        Assert.Contains(log, line => line.StartsWith("alert.acknowledge person/olga", StringComparison.Ordinal));
        Assert.DoesNotContain(log, line => line.Contains(made.Secret!, StringComparison.Ordinal) || line.Contains("secret-path", StringComparison.Ordinal));
        Assert.DoesNotContain(made.Secret!, Encoding.UTF8.GetString((byte[])(await source.CreateCommand("select secret from alert.contact_point").ExecuteScalarAsync())!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_watching_silo_is_killed_another_goes_on_with_the_same_alert_and_nobody_is_told_twice()
    {
        await using var server = new HookServer();
        await using var cluster = await Start(2);
        var alerts = cluster.Grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key);
        await Alone(alerts);
        await Beat(cluster, "h1", TimeSpan.FromMinutes(2));
        await alerts.SaveContact("oncall", new(Hook with { Url = server.Url.AbsoluteUri }), "person/ada");
        await alerts.SaveRule(Rule.Name, Rule, 0, "a test", "person/ada");
        await RolloutCluster.Until(() => Task.FromResult(!server.Calls.IsEmpty), "the message");
        var before = (await alerts.Things(Rule.Name)).Single();
        await alerts.Acknowledge(new(Rule.Name, "host/h1", "mine"), "person/olga");

        var address = await cluster.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(alerts);
        try
        {
            await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(address)));
        }
        catch (OperationCanceledException)
        {
            // What the silo hosted was not let finish: that is what killing is.
        }

        AlertInstance? after = null;
        await RolloutCluster.Until(
            async () =>
            {
                try
                {
                    var overview = await alerts.Overview();
                    after = overview.EvaluatedAt is null ? null : overview.Instances.FirstOrDefault(one => one.Rule == Rule.Name);
                    return after is not null;
                }
                catch (Exception error) when (error is OrleansException or TimeoutException)
                {
                    return false;
                }
            },
            "another activation that has looked",
            60);

        Assert.Equal((before.Episode, before.EpisodeSince!.Value.ToUnixTimeMilliseconds(), AlertState.Alerting, "person/olga"), (after!.Episode, after.EpisodeSince!.Value.ToUnixTimeMilliseconds(), after.State, after.Acknowledged?.By));
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        Assert.Single(server.Calls.Select(call => call.Headers["Idempotency-Key"]).Distinct());
        await using var source = HistoryRegistration.OpenSource(cluster.ConnectionString);
        Assert.Equal(["quiet-host alerting"], await Column(source, "select rule || ' ' || after from alert.transition where rule = 'quiet-host'"));
    }

    [Fact]
    public async Task Who_lost_the_fence_writes_nothing_and_leaves()
    {
        await using var cluster = await Start(1);
        var alerts = cluster.Grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key);
        await RolloutCluster.Until(async () => (await alerts.Overview()).EvaluatedAt is not null, "the first look");
        await using var source = HistoryRegistration.OpenSource(cluster.ConnectionString);
        var states = new AlertStateStore(source, TimeProvider.System);
        var mine = await states.TakeOver(CancellationToken.None);

        // The grain finds itself fenced, leaves, and its successor takes the fence in turn.
        await RolloutCluster.Until(async () => (await Column(source, "select epoch::text from alert.watch")).Single() != mine.ToString(CultureInfo.InvariantCulture), "a successor");
        Assert.False(await states.Write(mine, new(DateTimeOffset.UnixEpoch, [], [], [], [], []), CancellationToken.None));
        await RolloutCluster.Until(async () => (await alerts.Overview()).EvaluatedAt is not null, "its look");
    }

    [Fact]
    public async Task Mail_goes_out_by_starttls_with_sign_in_and_is_tried_again_when_the_server_is_busy()
    {
        await using var mails = new MailServer { Busy = 1 };
        await using var cluster = await Start(1, services => services.Configure<SmtpOptions>(smtp =>
            (smtp.Host, smtp.Port, smtp.User, smtp.Password, smtp.Authority, smtp.From) = ("localhost", mails.Port, "energy", "a password", mails.AuthorityFile, "energy@example.com")));
        var alerts = cluster.Grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key);
        await alerts.SaveContact("people", new(new ContactPoint("people", ContactKind.Email, To: ["ada@example.com", "bob@example.com"])), "person/ada");

        await alerts.TestContact("people", "person/ada");

        await RolloutCluster.Until(() => Task.FromResult(!mails.Taken.IsEmpty), "the mail");
        var mail = mails.Taken.First();
        Assert.Equal((true, "energy", "energy@example.com"), (mail.Encrypted, mail.SignedIn, mail.From));
        Assert.Equal(["ada@example.com", "bob@example.com"], mail.To);
        Assert.Contains("Subject: [EnergyTTT] Test of a contact point", mail.Text, StringComparison.Ordinal);
        await using var source = HistoryRegistration.OpenSource(cluster.ConnectionString);
        var delivery = (await new NotificationStore(source).Newest("people", 10, CancellationToken.None)).Single();
        Assert.Equal(2, delivery.Attempts);
    }

    [Fact]
    public async Task Mail_is_not_sent_in_the_clear_when_the_server_offers_no_tls()
    {
        await using var mails = new MailServer(offersTls: false);
        await using var cluster = await Start(1, services => services.Configure<SmtpOptions>(smtp => (smtp.Host, smtp.Port) = ("localhost", mails.Port)));
        var alerts = cluster.Grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key);
        await alerts.SaveContact("people", new(new ContactPoint("people", ContactKind.Email, To: ["ada@example.com"])), "person/ada");
        await alerts.TestContact("people", "person/ada");

        await using var source = HistoryRegistration.OpenSource(cluster.ConnectionString);
        await RolloutCluster.Until(async () => (await new NotificationStore(source).Newest("people", 1, CancellationToken.None)) is [{ LastError: not null }], "a refusal");

        Assert.Empty(mails.Taken);
        Assert.Contains("STARTTLS", (await new NotificationStore(source).Newest("people", 1, CancellationToken.None))[0].LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silences_and_maintenance_windows_keep_alerts_from_being_told_while_their_states_go_on()
    {
        await using var server = new HookServer();
        await using var cluster = await Start(1);
        var alerts = cluster.Grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key);
        await Alone(alerts);
        await Beat(cluster, "h1", TimeSpan.FromMinutes(2));
        await alerts.SaveContact("oncall", new(Hook with { Url = server.Url.AbsoluteUri }), "person/ada");
        var silence = await alerts.Silence(new([new("host", "h*")], TimeProvider.System.GetUtcNow().AddHours(1), "moving"), "person/olga");
        Assert.Equal(AlertOutcome.Done, (await alerts.SaveMaintenance("nightly", new("nightly", [new("rule", "quiet-host")], "* * * * *", "Europe/Amsterdam", 60, "power work"), "person/olga")).Outcome);
        await alerts.SaveRule(Rule.Name, Rule, 0, "a test", "person/ada");

        await RolloutCluster.Until(async () => (await alerts.Things(Rule.Name)) is [{ State: AlertState.Alerting, QuietBecause: not null }], "an alert that is quiet");
        await alerts.EndSilence(silence.Id!.Value, "person/olga");
        await RolloutCluster.Until(async () => (await alerts.Things(Rule.Name))[0].QuietBecause?.Contains("nightly", StringComparison.Ordinal) == true, "the window's quiet");
        Assert.Empty(server.Calls);
        await alerts.SaveMaintenance("nightly", null, "person/olga");

        await RolloutCluster.Until(() => Task.FromResult(!server.Calls.IsEmpty), "the message");
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_named_at_once_and_somebody_quicker_wins()
    {
        await using var cluster = await Start(1);
        var alerts = cluster.Grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key);

        var rule = await alerts.SaveRule("bad", new AlertRule("Bad Name", "temperatur_celsius", 80, Recovery: 90, WindowSeconds: 55, ForSeconds: -1, ContactPoints: ["nobody"]), 0, "", "person/ada");
        var signal = await alerts.SaveRule("x", new AlertRule("x", "ledger_residual_ratio", 1, Per: AlertPer.Gpu, BaselineSeconds: 900), 0, "why", "person/ada");
        var silence = await alerts.Silence(new([new("colour", "red")], DateTimeOffset.UnixEpoch, ""), "person/ada");
        var window = await alerts.SaveMaintenance("w", new("w", [], "every day", "Mars/Olympus", 0, ""), "person/ada");
        var contact = await alerts.SaveContact("c", new(new ContactPoint("c", ContactKind.Webhook, "ftp://user:pw@x"), "short"), "person/ada");

        Assert.Equal(["name", "signal", "recovery", "window_seconds", "for_seconds", "contact_points", "reason", "name"], rule.Mistakes.Select(mistake => mistake.Field));
        Assert.Contains("did you mean temperature_celsius?", rule.Mistakes[1].Reason, StringComparison.Ordinal);
        Assert.Equal(["per", "baseline_seconds"], signal.Mistakes.Select(mistake => mistake.Field));
        Assert.Equal(["matchers", "reason", "until"], silence.Mistakes.Select(mistake => mistake.Field));
        Assert.Equal(["matchers", "reason", "cron", "time_zone", "duration_minutes"], window.Mistakes.Select(mistake => mistake.Field));
        Assert.Equal(["url", "secret"], contact.Mistakes.Select(mistake => mistake.Field));
        Assert.Equal(1, (await alerts.SaveRule("r", Rule with { Name = "r", ContactPoints = null }, 0, "first", "person/ada")).Version);
        Assert.Equal((AlertOutcome.Conflict, 1L), ((await alerts.SaveRule("r", Rule with { Name = "r", ContactPoints = null }, 7, "late", "person/bob")) is var late ? (late.Outcome, late.Version) : default));
        Assert.Equal(2, (await alerts.SaveRule("r", null, 1, "gone", "person/ada")).Version);
        Assert.Equal(AlertOutcome.Unknown, (await alerts.SaveRule("r", null, 2, "gone", "person/ada")).Outcome);
        Assert.Equal(BuiltInRules.All.Length, (await alerts.Overview()).Rules.Count);
    }

    private static async Task<RolloutCluster> Start(short silos, Action<IServiceCollection>? more = null) => await RolloutCluster.Start(silos, services: services =>
    {
        services.Configure<AlertOptions>(options => options.Interval = TimeSpan.FromSeconds(1));
        services.Configure<WebhookOptions>(options => options.Allow.Add("127.0.0.1"));
        services.AddSingleton(new SecretBox("the secret of a test, the same in every silo"));
        more?.Invoke(services);
    });

    // The rule that comes with the product would alert too, and be told.
    private static async Task Alone(IAlertsGrain alerts) => Assert.Equal(AlertOutcome.Done, (await alerts.SaveRule("agent-gone", null, 1, "in the way of this test", "person/ada")).Outcome);

    private static async Task Beat(RolloutCluster cluster, string host, TimeSpan ago)
    {
        var time = cluster.Clock.GetUtcNow() - ago;
        var gpu = GpuId.Parse("GPU-" + host);
        var frame = new Frame { Gpu = gpu, Sequence = time.ToUnixTimeSeconds(), Time = time, Seconds = 1, Origin = Origin.Measured, TemperatureCelsius = 50, PowerAverageWatts = 300 };
        var batch = new TelemetryBatch { Source = "agent/" + host, Boot = "boot", Site = "ams", Rack = "r1", Host = host, Gpus = [], Frames = [frame] };
        await cluster.Cluster.GetSiloServiceProvider().GetRequiredService<IFrameWriter>().Write(batch, [frame], time, CancellationToken.None);
        await cluster.Grains.GetGrain<IGpuGrain>(gpu.GrainKey).Record(new GpuFrames("ams", "r1", host, "boot", null, [frame], time, null));
    }

    private static async Task<List<string>> Column(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}

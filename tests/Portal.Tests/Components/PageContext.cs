using Bunit;
using Bunit.TestDoubles;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Alerts;
using EnergyTTT.Portal.Answers;
using EnergyTTT.Portal.Charts;
using EnergyTTT.Portal.Deployments;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Portal.Fleets;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Portal.Tests.Alerts;
using EnergyTTT.Portal.Tests.Deployments;
using EnergyTTT.Portal.Tests.Fleets;
using EnergyTTT.Portal.Tests.Policies;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using MudBlazor.Services;

namespace EnergyTTT.Portal.Tests.Components;

/// <summary>What a page needs to be rendered without a browser: a fake fleet, a clock that stands still, and a door to a script that only records.</summary>
public sealed class PageContext : BunitContext
{
    private readonly BunitAuthorizationContext _person;

    // Two cores shared with a browser and a database: a second is not always enough for one rendering.
    static PageContext() => DefaultWaitTimeout = TimeSpan.FromSeconds(20);

    public PageContext()
    {
        Fleet = new FakeFleet(Clock) { Count = 16 };
        Feed = new FleetFeed(Fleet, Options.Create(new FleetFeedOptions()), Clock, NullLogger<FleetFeed>.Instance);
        Services.AddSingleton<TimeProvider>(Clock);
        Services.AddSingleton(Feed);
        Services.AddScoped<ChartLink>();
        Services.AddSingleton<LastAnswers>();
        Services.AddMudServices();
        JSInterop.Mode = JSRuntimeMode.Loose;
        Steering = new FakeSteering(Clock);
        Services.AddSingleton<ISteeringSource>(Steering);
        Services.AddScoped<PersonGuard>();
        Services.AddScoped<SteeringDesk>();
        Policies = new FakePolicies(Clock);
        Services.AddSingleton<IPolicySource>(Policies);
        Services.AddScoped<PolicyDesk>();
        Alerts = new FakeAlerts(Clock);
        Services.AddSingleton<IAlertSource>(Alerts);
        Services.AddScoped<AlertDesk>();
        _person = AddAuthorization();
        Become("viewer");
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));

    public FakeFleet Fleet { get; }

    public FakeSteering Steering { get; }

    public FakePolicies Policies { get; }

    public FakeAlerts Alerts { get; }

    public FleetFeed Feed { get; }

    public Display Display { get; } = new(System.Globalization.CultureInfo.GetCultureInfo("en"));

    public FleetView View => Feed.Latest;

    /// <summary>Makes the next view and hands it to every page.</summary>
    public async Task<FleetView> Tick(int seconds = 1)
    {
        Clock.Advance(TimeSpan.FromSeconds(seconds));
        await Feed.Poll(CancellationToken.None);
        return Feed.Latest;
    }

    /// <summary>Signs a person in with the policies of a role.</summary>
    public void Become(string role, string name = "ada") => _person.SetAuthorized(name).SetPolicies(role switch
    {
        "viewer" => [AccessPolicies.Viewer],
        "operator" => [AccessPolicies.Viewer, AccessPolicies.Operator],
        _ => [AccessPolicies.Viewer, AccessPolicies.Operator, AccessPolicies.Administrator],
    });

    /// <summary>Gives the person a role and its policies.</summary>
    public void BecomeIn(string role)
    {
        _person.SetRoles(role);
        Become(role);
    }

    public void GoTo(string address) => Services.GetRequiredService<NavigationManager>().NavigateTo(address);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Feed.Dispose();
    }
}

using EnergyTTT.Silo.Tests.Walks;
using Xunit;

namespace EnergyTTT.Silo.Tests.Asvs;

/// <summary>The whole server as it stands behind a reverse proxy, with few tries at the door, TLS required, and sign-in at a provider that is away.</summary>
public sealed class GuardedHost : IAsyncLifetime
{
    public AccessHost Host { get; } = new();

    public Task InitializeAsync()
    {
        Host.Settings.AddRange(
        [
            "--Portal:SignInsPerMinute", "6", "--Portal:SecondFactorRoles", "administrator, operator", "--RequireTls", "true", "--Proxies:0", "127.0.0.1", "--Proxies:1", "::1", "--Proxies:2", "::ffff:127.0.0.1",
            "--OpenId:Authority", "http://127.0.0.1:9", "--OpenId:ClientId", "energyttt", "--OpenId:Roles:viewer", "staff",
        ]);
        return Host.InitializeAsync();
    }

    public Task DisposeAsync() => Host.DisposeAsync();
}

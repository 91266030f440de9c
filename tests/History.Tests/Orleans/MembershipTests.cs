using EnergyTTT.Testing.Databases;
using Xunit;

namespace EnergyTTT.History.Tests.Orleans;

public sealed class MembershipTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Joining = 2;
    private const int Active = 3;
    private const int Dead = 6;

    private static readonly DateTime Start = new(2026, 11, 23, 8, 0, 0, DateTimeKind.Utc);
    private readonly OrleansContract _orleans = new(postgres.Source);
    private readonly string _cluster = $"cluster-{Guid.NewGuid():N}";

    [Fact]
    public async Task The_version_row_is_made_once()
    {
        Assert.Equal(1, await _orleans.Single("InsertMembershipVersionKey", ("DeploymentId", _cluster)));
        Assert.Equal(0, await _orleans.Single("InsertMembershipVersionKey", ("DeploymentId", _cluster)));
    }

    [Fact]
    public async Task The_version_comes_back_when_no_silo_matches()
    {
        await NewCluster();

        var one = Assert.Single(await _orleans.Run("MembershipReadRowKey", Silo(11111)));
        var all = Assert.Single(await _orleans.Run("MembershipReadAllKey", ("DeploymentId", _cluster)));

        Assert.Equal(0, one["Version"]);
        Assert.Null(one["Address"]);
        Assert.Equal(0, all["Version"]);
        Assert.Null(all["SiloName"]);
    }

    [Fact]
    public async Task Joining_needs_the_right_version_and_moves_it_on()
    {
        await NewCluster();

        Assert.Equal(1, await Insert(11111, version: 0));
        Assert.Equal(0, await Insert(11112, version: 0));
        Assert.Equal(0, await Insert(11111, version: 1));
        Assert.Equal(1, await Insert(11112, version: 1));

        var rows = await _orleans.Run("MembershipReadAllKey", ("DeploymentId", _cluster));
        Assert.Equal(2, rows.Count);
        Assert.All(rows, row => Assert.Equal(2, row["Version"]));
        var row = rows.Single(silo => silo["Port"] is 11111);
        Assert.Equal(
            (_cluster, "10.0.0.1", 7, "silo-11111", "host", Joining, 30000, null, Start, Start),
            (row["DeploymentId"], row["Address"], row["Generation"], row["SiloName"], row["HostName"], row["Status"], row["ProxyPort"], row["SuspectTimes"], row["StartTime"], row["IAmAliveTime"]));
    }

    [Fact]
    public async Task Of_two_silos_that_join_at_one_version_one_wins()
    {
        await NewCluster();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Insert(12000 + i, version: 0)));

        Assert.Equal(1, answers.Sum(answer => (int)answer!));
        Assert.Single(await _orleans.Run("MembershipReadAllKey", ("DeploymentId", _cluster)));
        Assert.Equal(1, Assert.Single(await _orleans.Run("MembershipReadRowKey", Silo(1)))["Version"]);
    }

    [Fact]
    public async Task A_change_needs_the_right_version_and_a_silo_that_exists()
    {
        await NewCluster();
        await Insert(11111, version: 0);

        Assert.Equal(0, await Update(11111, Active, version: 0));
        Assert.Equal(0, await Update(22222, Active, version: 1));
        Assert.Equal(1, await Update(11111, Active, version: 1, suspects: "10.0.0.2:1@2,2026"));

        var row = Assert.Single(await _orleans.Run("MembershipReadRowKey", Silo(11111)));
        Assert.Equal((Active, "10.0.0.2:1@2,2026", 2), (row["Status"], row["SuspectTimes"], row["Version"]));
    }

    [Fact]
    public async Task A_sign_of_life_leaves_the_version_alone()
    {
        await NewCluster();
        await Insert(11111, version: 0);

        await _orleans.Run("UpdateIAmAlivetimeKey", [.. Silo(11111), ("IAmAliveTime", Start.AddMinutes(5))]);

        var row = Assert.Single(await _orleans.Run("MembershipReadRowKey", Silo(11111)));
        Assert.Equal((Start.AddMinutes(5), 1), (row["IAmAliveTime"], row["Version"]));
    }

    [Fact]
    public async Task Gateways_are_the_silos_of_that_status_with_a_proxy_port()
    {
        await NewCluster();
        await Insert(11111, version: 0);
        await Insert(11112, version: 1, proxy: 0);
        await Update(11111, Active, version: 2);
        await Update(11112, Active, version: 3);

        var gateway = Assert.Single(await _orleans.Run("GatewaysQueryKey", ("DeploymentId", _cluster), ("Status", Active)));

        Assert.Equal(("10.0.0.1", 30000, 7), (gateway["Address"], gateway["ProxyPort"], gateway["Generation"]));
    }

    [Fact]
    public async Task Cleaning_up_takes_dead_silos_only()
    {
        await NewCluster();
        await Insert(11111, version: 0);
        await Insert(11112, version: 1);
        await Update(11111, Dead, version: 2);

        await _orleans.Run("CleanupDefunctSiloEntriesKey", ("DeploymentId", _cluster), ("IAmAliveTime", Start));
        Assert.Equal(2, (await _orleans.Run("MembershipReadAllKey", ("DeploymentId", _cluster))).Count);

        await _orleans.Run("CleanupDefunctSiloEntriesKey", ("DeploymentId", _cluster), ("IAmAliveTime", Start.AddHours(1)));
        Assert.Equal(11112, Assert.Single(await _orleans.Run("MembershipReadAllKey", ("DeploymentId", _cluster)))["Port"]);
    }

    [Fact]
    public async Task One_dead_silo_is_removed_only_when_it_is_unchanged()
    {
        await NewCluster();
        await Insert(11111, version: 0);
        await Update(11111, Dead, version: 1, suspects: "s");

        await _orleans.Run("CleanupDefunctSiloEntryKey", [.. Silo(11111), ("StartTime", Start), ("IAmAliveTime", Start.AddSeconds(1)), ("SuspectTimes", "s")]);
        await _orleans.Run("CleanupDefunctSiloEntryKey", [.. Silo(11111), ("StartTime", Start), ("IAmAliveTime", Start), ("SuspectTimes", null)]);
        Assert.NotNull(Assert.Single(await _orleans.Run("MembershipReadRowKey", Silo(11111)))["Address"]);

        await _orleans.Run("CleanupDefunctSiloEntryKey", [.. Silo(11111), ("StartTime", Start), ("IAmAliveTime", Start), ("SuspectTimes", "s")]);
        Assert.Null(Assert.Single(await _orleans.Run("MembershipReadRowKey", Silo(11111)))["Address"]);
    }

    [Fact]
    public async Task A_cluster_is_removed_with_its_version()
    {
        await NewCluster();
        await Insert(11111, version: 0);

        await _orleans.Run("DeleteMembershipTableEntriesKey", ("DeploymentId", _cluster));

        Assert.Empty(await _orleans.Run("MembershipReadAllKey", ("DeploymentId", _cluster)));
    }

    private Task<object?> NewCluster() => _orleans.Single("InsertMembershipVersionKey", ("DeploymentId", _cluster));

    private (string Name, object? Value)[] Silo(int port) => [("DeploymentId", _cluster), ("Address", "10.0.0.1"), ("Port", port), ("Generation", 7)];

    private Task<object?> Insert(int port, int version, int proxy = 30000) => _orleans.Single("InsertMembershipKey",
        [.. Silo(port), ("SiloName", $"silo-{port}"), ("HostName", "host"), ("Status", Joining), ("ProxyPort", proxy), ("StartTime", Start), ("IAmAliveTime", Start), ("Version", version)]);

    private Task<object?> Update(int port, int status, int version, string? suspects = null) => _orleans.Single("UpdateMembershipKey",
        [.. Silo(port), ("Status", status), ("SuspectTimes", suspects), ("IAmAliveTime", Start), ("Version", version)]);
}

using EnergyTTT.Testing.Databases;
using Xunit;

namespace EnergyTTT.History.Tests.Orleans;

public sealed class GrainStateTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly OrleansContract _orleans = new(postgres.Source);

    [Fact]
    public async Task Every_statement_that_the_providers_ask_for_is_there()
    {
        string[] expected =
        [
            "CleanupDefunctSiloEntriesKey", "CleanupDefunctSiloEntryKey", "ClearStorageKey", "DeleteMembershipTableEntriesKey", "DeleteReminderRowKey", "DeleteReminderRowsKey",
            "DeleteStorageKey", "GatewaysQueryKey", "InsertMembershipKey", "InsertMembershipVersionKey", "MembershipReadAllKey", "MembershipReadRowKey", "ReadFromStorageKey",
            "ReadRangeRows1Key", "ReadRangeRows2Key", "ReadReminderRowKey", "ReadReminderRowsKey", "UpdateIAmAlivetimeKey", "UpdateMembershipKey", "UpsertReminderRowKey", "WriteToStorageKey",
        ];

        Assert.Equal(expected, (await _orleans.Statements()).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_first_write_is_version_1_and_the_next_counts_on()
    {
        Assert.Equal(1, await Write("gpu/GPU-a", null, [1, 2, 3]));
        Assert.Equal(2, await Write("gpu/GPU-a", 1, [4]));

        var row = Assert.Single(await Read("gpu/GPU-a"));
        Assert.Equal([4], (byte[]?)row["PayloadBinary"]);
        Assert.Equal(2, row["Version"]);
    }

    [Fact]
    public async Task A_conflict_answers_the_version_that_was_passed_in_and_changes_nothing()
    {
        await Write("gpu/GPU-b", null, [1]);
        await Write("gpu/GPU-b", 1, [2]);

        Assert.Equal(1, await Write("gpu/GPU-b", 1, [9]));
        Assert.Equal(7, await Write("gpu/GPU-b", 7, [9]));
        Assert.Null(await Write("gpu/GPU-b", null, [9]));
        Assert.Equal(3, await Write("gpu/never-written", 3, [9]));

        Assert.Equal([2], (byte[]?)Assert.Single(await Read("gpu/GPU-b"))["PayloadBinary"]);
        Assert.Empty(await Read("gpu/never-written"));
    }

    [Fact]
    public async Task Concurrent_first_writes_give_one_row_and_one_winner()
    {
        for (var round = 0; round < 20; round++)
        {
            var key = $"gpu/race-{round}";
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Write(key, null, [(byte)i])));

            Assert.Equal(1, answers.Count(answer => answer is 1));
            Assert.Equal(7, answers.Count(answer => answer is null));
            Assert.Single(await Read(key));
        }
    }

    [Fact]
    public async Task Concurrent_writes_of_the_same_version_have_one_winner()
    {
        await Write("gpu/updates", null, [0]);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Write("gpu/updates", 1, [(byte)i])));

        Assert.Equal(1, answers.Count(answer => answer is 2));
        Assert.Equal(7, answers.Count(answer => answer is 1));
    }

    [Fact]
    public async Task A_clear_keeps_the_row_and_its_count()
    {
        await Write("gpu/cleared", null, [1]);

        Assert.Equal(2, await _orleans.Single("ClearStorageKey", Identity("gpu/cleared", version: 1)));
        Assert.Empty(await _orleans.Run("ClearStorageKey", Identity("gpu/cleared", version: 1)));

        var row = Assert.Single(await Read("gpu/cleared"));
        Assert.Null(row["PayloadBinary"]);
        Assert.Equal(3, await Write("gpu/cleared", 2, [5]));
    }

    [Fact]
    public async Task A_delete_removes_the_row_when_the_version_is_right()
    {
        await Write("gpu/deleted", null, [1]);

        Assert.Empty(await _orleans.Run("DeleteStorageKey", Identity("gpu/deleted", version: 4)));
        Assert.Equal(2, await _orleans.Single("DeleteStorageKey", Identity("gpu/deleted", version: 1)));
        Assert.Empty(await Read("gpu/deleted"));
    }

    [Fact]
    public async Task Numbers_states_and_services_keep_rows_apart()
    {
        await Write(null, null, [1], n1: 1);
        await Write(null, null, [2], n1: 2);
        await Write(null, null, [3], n1: 1, state: "other");
        await Write(null, null, [4], n1: 1, service: "other");

        Assert.Equal([1], (byte[]?)Assert.Single(await _orleans.Run("ReadFromStorageKey", Identity(null, n1: 1)))["PayloadBinary"]);
        Assert.Equal([2], (byte[]?)Assert.Single(await _orleans.Run("ReadFromStorageKey", Identity(null, n1: 2)))["PayloadBinary"]);
        Assert.Equal([3], (byte[]?)Assert.Single(await _orleans.Run("ReadFromStorageKey", Identity(null, n1: 1, state: "other")))["PayloadBinary"]);
        Assert.Equal([4], (byte[]?)Assert.Single(await _orleans.Run("ReadFromStorageKey", Identity(null, n1: 1, service: "other")))["PayloadBinary"]);
    }

    [Fact]
    public async Task Payloads_are_stored_without_a_compression_pass()
    {
        await using var command = postgres.Source.CreateCommand("select attstorage = 'e' from pg_attribute where attrelid = 'orleans.grain_state'::regclass and attname = 'payload'");

        Assert.True(await command.ExecuteScalarAsync() is true);
    }

    private static (string Name, object? Value)[] Identity(string? key, int? version = null, byte[]? payload = null, long n1 = 0, string state = "gpu-state", string service = "energyttt") =>
    [
        ("GrainIdHash", 1), ("GrainIdN0", 0L), ("GrainIdN1", n1), ("GrainTypeHash", 2), ("GrainTypeString", state), ("GrainIdExtensionString", key), ("ServiceId", service),
        ("GrainStateVersion", version), ("PayloadBinary", payload),
    ];

    private Task<object?> Write(string? key, int? version, byte[] payload, long n1 = 0, string state = "gpu-state", string service = "energyttt") =>
        _orleans.Single("WriteToStorageKey", Identity(key, version, payload, n1, state, service));

    private Task<List<Dictionary<string, object?>>> Read(string key) => _orleans.Run("ReadFromStorageKey", Identity(key));
}

using EnergyTTT.Testing.Databases;
using Xunit;

namespace EnergyTTT.History.Tests.Orleans;

public sealed class ReminderTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly DateTime Start = new(2026, 11, 23, 8, 0, 0, DateTimeKind.Utc);
    private readonly OrleansContract _orleans = new(postgres.Source);
    private readonly string _service = $"service-{Guid.NewGuid():N}";

    [Fact]
    public async Task A_reminder_is_version_0_at_first_and_counts_on()
    {
        Assert.Equal(0, await Upsert("gpu/a", "sweep", hash: 5));
        Assert.Equal(1, await Upsert("gpu/a", "sweep", hash: 5, period: 99));

        var row = Assert.Single(await _orleans.Run("ReadReminderRowKey", ("ServiceId", _service), ("GrainId", "gpu/a"), ("ReminderName", "sweep")));
        Assert.Equal(("gpu/a", "sweep", Start, 99L, 1), (row["GrainId"], row["ReminderName"], row["StartTime"], row["Period"], row["Version"]));
    }

    [Fact]
    public async Task All_reminders_of_a_grain_are_found()
    {
        await Upsert("gpu/a", "one", 1);
        await Upsert("gpu/a", "two", 1);
        await Upsert("gpu/b", "one", 2);

        Assert.Equal(["one", "two"], (await _orleans.Run("ReadReminderRowsKey", ("ServiceId", _service), ("GrainId", "gpu/a"))).Select(row => row["ReminderName"]).Order());
    }

    [Fact]
    public async Task A_range_excludes_its_begin_and_includes_its_end()
    {
        await FiveOnTheRing();

        Assert.Equal(["-10", "0"], await Range("ReadRangeRows1Key", -2000000000, 0));
        Assert.Equal(["10"], await Range("ReadRangeRows1Key", 0, 10));
        Assert.Empty(await Range("ReadRangeRows1Key", 10, 11));
    }

    [Fact]
    public async Task A_range_over_the_end_of_the_ring_wraps_around()
    {
        await FiveOnTheRing();

        Assert.Equal(["-2000000000", "2000000000"], await Range("ReadRangeRows2Key", 10, -2000000000));
        Assert.Equal(["-10", "-2000000000", "10", "2000000000"], await Range("ReadRangeRows2Key", 0, -10));
        Assert.Equal(["-10", "-2000000000", "0", "10", "2000000000"], await Range("ReadRangeRows2Key", 10, 10));
    }

    [Fact]
    public async Task A_reminder_is_removed_only_at_the_version_that_was_read()
    {
        await Upsert("gpu/a", "sweep", 1);
        await Upsert("gpu/a", "sweep", 1);

        Assert.Equal(0, await Delete(version: 0));
        Assert.Equal(1, await Delete(version: 1));
        Assert.Equal(0, await Delete(version: 1));
    }

    [Fact]
    public async Task All_reminders_of_a_service_are_removed_and_no_other()
    {
        await Upsert("gpu/a", "sweep", 1);
        var other = new ReminderTests(postgres);
        await other.Upsert("gpu/a", "sweep", 1);

        await _orleans.Run("DeleteReminderRowsKey", ("ServiceId", _service));

        Assert.Empty(await _orleans.Run("ReadReminderRowsKey", ("ServiceId", _service), ("GrainId", "gpu/a")));
        Assert.Single(await _orleans.Run("ReadReminderRowsKey", ("ServiceId", other._service), ("GrainId", "gpu/a")));
    }

    private async Task FiveOnTheRing()
    {
        foreach (var hash in new[] { -2000000000, -10, 0, 10, 2000000000 })
        {
            await Upsert($"gpu/{hash}", "sweep", hash);
        }
    }

    private async Task<IEnumerable<string>> Range(string key, int begin, int end) =>
        (await _orleans.Run(key, ("ServiceId", _service), ("BeginHash", begin), ("EndHash", end))).Select(row => ((string)row["GrainId"]!)["gpu/".Length..]).Order(StringComparer.Ordinal);

    private Task<object?> Upsert(string grain, string name, int hash, long period = 60) => _orleans.Single("UpsertReminderRowKey",
        ("ServiceId", _service), ("GrainId", grain), ("ReminderName", name), ("StartTime", Start), ("Period", period), ("GrainHash", hash));

    private Task<object?> Delete(int version) => _orleans.Single("DeleteReminderRowKey",
        ("ServiceId", _service), ("GrainId", "gpu/a"), ("ReminderName", "sweep"), ("Version", version));
}

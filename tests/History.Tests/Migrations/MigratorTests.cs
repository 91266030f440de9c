using EnergyTTT.History.Migrations;
using EnergyTTT.Testing.Databases;
using Npgsql;
using Xunit;

namespace EnergyTTT.History.Tests.Migrations;

public sealed class MigratorTests : IAsyncLifetime
{
    private static readonly Migration First = new(1, "first", "create table one (id integer);");
    private static readonly Migration Second = new(2, "second", "create table two (id integer);\ninsert into two values (2);");

    private string _connectionString = "";
    private NpgsqlDataSource _source = null!; // InitializeAsync sets it before any test.

    public async Task InitializeAsync()
    {
        _connectionString = await (await PostgresServer.Shared).CreateEmptyDatabase();
        _source = NpgsqlDataSource.Create(_connectionString);
    }

    public async Task DisposeAsync()
    {
        await _source.DisposeAsync();
        await (await PostgresServer.Shared).DropDatabase(_connectionString);
    }

    [Fact]
    public async Task Missing_steps_are_applied_once_and_in_the_order_of_their_numbers()
    {
        var first = await Migrator.Migrate(_source, [Second, First], CancellationToken.None);
        var again = await Migrator.Migrate(_source, [First, Second], CancellationToken.None);

        Assert.Equal([1, 2], first.ToArray());
        Assert.Empty(again);
        Assert.Equal(2, await Scalar("select id from two"));
        Assert.Equal("1 first, 2 second", await Scalar("select string_agg(number || ' ' || name, ', ' order by number) from public.migration"));
    }

    [Fact]
    public async Task The_built_in_steps_bring_up_an_empty_database_and_are_numbered_without_doubt()
    {
        var applied = await Migrator.Migrate(_source, CancellationToken.None);

        Assert.Equal([1, 2, 3], applied.Take(3));
        Assert.Equal(Migration.BuiltIn.Select(step => step.Number), Migration.BuiltIn.Select(step => step.Number).Distinct().Order());
        Assert.Equal("orleans, telemetry, access".Split(", ").Length, Convert.ToInt32(await Scalar("select count(*) from pg_namespace where nspname in ('orleans', 'telemetry', 'access')"), null));
    }

    [Fact]
    public async Task Every_table_of_ours_says_what_it_is()
    {
        await Migrator.Migrate(_source, CancellationToken.None);

        Assert.Equal("", await Scalar(
            """
            select coalesce(string_agg(c.oid::regclass::text, ', '), '')
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('orleans', 'telemetry', 'access')
              and c.relkind in ('r', 'p')
              and obj_description(c.oid) is null
            """));
    }

    [Fact]
    public async Task A_changed_step_is_refused_by_name()
    {
        await Migrator.Migrate(_source, [First, Second], CancellationToken.None);

        var refused = await Assert.ThrowsAsync<MigrationException>(() => Migrator.Migrate(_source, [First, Second with { Sql = "create table other (id integer);" }], CancellationToken.None));

        Assert.Contains("0002_second.sql was changed", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Put the old text back", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_with_other_line_ends_is_the_same_step()
    {
        await Migrator.Migrate(_source, [First, Second], CancellationToken.None);

        Assert.Empty(await Migrator.Migrate(_source, [First, Second with { Sql = Second.Sql.Replace("\n", "\r\n", StringComparison.Ordinal) }], CancellationToken.None));
    }

    [Fact]
    public async Task A_step_that_the_program_does_not_know_is_refused()
    {
        await Migrator.Migrate(_source, [First, Second], CancellationToken.None);

        var refused = await Assert.ThrowsAsync<MigrationException>(() => Migrator.Migrate(_source, [First], CancellationToken.None));

        Assert.Contains("0002_second.sql", refused.Message, StringComparison.Ordinal);
        Assert.Contains("does not know", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_below_the_newest_applied_one_is_refused()
    {
        await Migrator.Migrate(_source, [Second], CancellationToken.None);

        var refused = await Assert.ThrowsAsync<MigrationException>(() => Migrator.Migrate(_source, [First, Second], CancellationToken.None));

        Assert.Contains("0001_first.sql arrived after 0002", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_said_at_once()
    {
        await Migrator.Migrate(_source, [First, Second], CancellationToken.None);

        var refused = await Assert.ThrowsAsync<MigrationException>(() => Migrator.Migrate(
            _source, [First with { Sql = "select 1" }, new(3, "a", "select 1"), new(3, "b", "select 1")], CancellationToken.None));

        Assert.Equal(3, refused.Message.Split(Environment.NewLine).Length);
    }

    [Fact]
    public async Task A_failing_step_leaves_nothing_of_itself_and_keeps_the_ones_before_it()
    {
        var failing = new Migration(2, "half", "create table two (id integer); select 1 / 0;");

        var failed = await Assert.ThrowsAsync<MigrationException>(() => Migrator.Migrate(_source, [First, failing], CancellationToken.None));

        Assert.Contains("0002_half.sql failed and was rolled back: 22012", failed.Message, StringComparison.Ordinal);
        Assert.True(await Scalar("select to_regclass('two') is null and to_regclass('one') is not null") is true);
        Assert.Equal(2, Assert.Single(await Migrator.Migrate(_source, [First, Second], CancellationToken.None)));
    }

    [Fact]
    public async Task Servers_that_start_together_take_turns()
    {
        var together = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Migrator.Migrate(_source, CancellationToken.None)));

        Assert.Equal(Migration.BuiltIn.Length, Assert.Single(together, applied => applied.Length > 0).Length);
    }

    [Theory]
    [InlineData("1_short.sql")]
    [InlineData("0000_zero.sql")]
    [InlineData("0001.sql")]
    [InlineData("0001_.sql")]
    [InlineData("00a1_letters.sql")]
    public void A_file_name_without_number_and_purpose_is_no_step(string file) =>
        Assert.Throws<FormatException>(() => Migration.FromFile(file, "select 1"));

    private async Task<object?> Scalar(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}

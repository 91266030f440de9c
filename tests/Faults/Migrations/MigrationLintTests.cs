using EnergyTTT.History.Migrations;
using Xunit;

namespace EnergyTTT.Faults.Migrations;

/// <summary>Every step of the schema is applied while older servers run: it may add, and must not take away or make all wait.</summary>
public sealed class MigrationLintTests
{
    // Merged before there was this check and never edited since, with the reason why no server suffers.
    private static readonly Dictionary<int, string> Known = new()
    {
        [40] = "telemetry.touched holds the work list of some minutes: its rewriting takes milliseconds",
        [91] = "two indexes of block ranges on roll-ups: only the roll-up of minutes waits for their scan, and its work list keeps what is due; frames go on",
    };

    public static TheoryData<string, string> Harmful => new()
    {
        { "drop table a.b;", "takes away" },
        { "alter table a.b drop column c;", "takes away" },
        { "alter table a.b rename column c to d;", "takes away" },
        { "alter table a.b add column x integer, drop column c;", "takes away" },
        { "alter table a.b alter column c type bigint;", "changes a type" },
        { "alter table a.b alter column c set not null;", "does not write" },
        { "alter table a.b add column c text not null;", "leaves empty" },
        { "alter table a.b\n  add column c timestamptz not null default clock_timestamp();", "row to row" },
        { "alter table a.b add constraint ck_c check (c > 0);", "not valid" },
        { "alter table a.b add constraint fk_c foreign key (c) references a.d (c);", "not valid" },
        { "create index ix_c on a.b (c);", "writers wait" },
    };

    public static TheoryData<string> Harmless =>
    [
        "create table a.n (c text not null); create index ix_n on a.n (c); alter table a.n alter column c set storage external;",
        "alter table a.b add column c text; alter table a.b add column d integer not null default 0;",
        "alter table a.b add constraint ck_c check (c > 0) not valid;",
        "comment on table a.b is 'drop table a.b; alter table a.b drop column c';",
        "create function a.f() returns void language sql as $$ drop table a.b; $$;",
        "-- contract: nobody has written it since version 0.1\nalter table a.b drop column c;",
    ];

    [Fact]
    public void Every_step_can_be_applied_while_servers_run()
    {
        HashSet<string> made = [];
        List<string> faults = [];
        foreach (var step in Migration.BuiltIn.OrderBy(step => step.Number))
        {
            if (!Known.ContainsKey(step.Number))
            {
                faults.AddRange(MigrationLint.Look(step.Sql, made).Select(fault => $"{step.File} {fault}"));
            }

            made.UnionWith(MigrationLint.Makes(step.Sql));
        }

        Assert.True(made.Count > 20, "the steps make no tables: the check has read nothing");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Theory]
    [MemberData(nameof(Harmful))]
    public void What_would_stop_or_break_running_servers_is_found(string sql, string fault) =>
        Assert.Contains(MigrationLint.Look(sql, new HashSet<string> { "a.b" }), said => said.Contains(fault, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Harmless))]
    public void What_only_adds_is_let_through(string sql) => Assert.Empty(MigrationLint.Look(sql, new HashSet<string> { "a.b" }));
}

using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Runs;
using Xunit;

namespace EnergyTTT.History.Tests.Runs;

public sealed class RunReaderTests(RunReaderTests.Runs runs) : IClassFixture<RunReaderTests.Runs>
{
    private static readonly string[] Orders = ["started desc", "started", "metric.saving_percent desc", "metric.saving_percent", "param.a"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Generated_queries_find_the_runs_that_the_plain_evaluator_finds(int seed)
    {
        var random = new RandomRuns(seed);
        var found = 0;
        for (var round = 0; round < 150; round++)
        {
            var condition = random.Condition(3);
            var expected = runs.All.Where(run => RunEvaluator.Evaluate(condition, run) == true).Select(run => run.Run.Id).ToHashSet();
            foreach (var text in new[] { RunQueryText.Of(condition), RunQueryText.Sparse(condition) })
            {
                Assert.Equal(RunQueryText.Of(condition), RunQueryText.Of(RunQueryParser.Parse(text, TimeProvider.System.GetUtcNow())));
                var page = await runs.Reader.Read(new(text, Limit: 1000), default);
                var ids = page.Rows.Select(row => row.Id).ToHashSet();
                Assert.True(expected.SetEquals(ids), $"{text}\nmissing {expected.Except(ids).Count()}, too many {ids.Except(expected).Count()}");

                // A small page is looked for among the first runs of the order, one by one.
                var order = Orders[round % Orders.Length];
                var whole = await runs.Reader.Read(new(text, order, Limit: 1000), default);
                var small = await runs.Reader.Read(new(text, order, Limit: 3), default);
                var second = small.Next is null ? null : await runs.Reader.Read(new(text, order, Cursor: small.Next, Limit: 3), default);
                Assert.Equal(whole.Rows.Take(6).Select(row => row.Id), small.Rows.Concat(second?.Rows ?? []).Select(row => row.Id));
            }

            found += expected.Count is > 0 and < Runs.Count ? 1 : 0;
        }

        Assert.True(found > 60, $"only {found} of 150 questions parted the runs: the generator has become dull");
    }

    [Theory]
    [InlineData("started desc")]
    [InlineData("started")]
    [InlineData("run.finished desc")]
    [InlineData("run.seconds")]
    [InlineData("run.name")]
    [InlineData("run.reason desc")]
    [InlineData("origin")]
    [InlineData("metric.saving_percent desc")]
    [InlineData("metric.saving_percent")]
    [InlineData("metric.never")]
    [InlineData("tag.site")]
    [InlineData("param.a")]
    [InlineData("param.a desc")]
    [InlineData("receipt.started desc")]
    [InlineData("policy.version")]
    public async Task Pages_hold_every_run_once_in_one_order_with_the_unknown_last(string order)
    {
        var field = RunOrder.Parse(order).Field;
        var whole = await runs.Reader.Read(new(Order: order, Columns: field.Name, Limit: 1000), default);
        var paged = new List<RunRow>();
        string? cursor = null;
        do
        {
            var page = await runs.Reader.Read(new(Order: order, Columns: field.Name, Cursor: cursor, Limit: 7), default);
            paged.AddRange(page.Rows);
            cursor = page.Next;
        }
        while (cursor is not null);

        Assert.Equal(Runs.Count, whole.Rows.Length);
        Assert.Null(whole.Next);
        Assert.Equal(whole.Rows.Select(row => row.Id), paged.Select(row => row.Id));
        var known = whole.Rows.TakeWhile(row => row.Values[0] is not null).ToList();
        Assert.All(whole.Rows.Skip(known.Count), row => Assert.Null(row.Values[0]));
        var numbers = known.Select(row => row.Values[0]).OfType<double>().ToList();
        Assert.Equal(order.EndsWith("desc", StringComparison.Ordinal) ? numbers.OrderDescending() : numbers.Order(), numbers);
    }

    [Fact]
    public async Task Every_column_shows_what_the_run_has()
    {
        var names = new RandomRuns(5);
        var fields = Enumerable.Range(0, 200).Select(_ => names.Field()).Where(field => field.Name is not "param.\u00e9 x").DistinctBy(field => field.Name).ToList();
        var page = await runs.Reader.Read(new(Columns: string.Join(',', fields.Select(field => field.Name)), Limit: 1000), default);

        var byId = runs.All.ToDictionary(run => run.Run.Id);
        Assert.All(page.Rows, row =>
        {
            Assert.Equal(byId[row.Id].Run.Origin, row.Origin);
            Assert.Equal(fields.Select(field => RunEvaluator.Value(byId[row.Id], field)), row.Values);
        });
    }

    [Theory]
    [InlineData("!!!")]
    [InlineData("AAAA")]
    [InlineData("W10")]
    [InlineData("WyIiLDEsMV0")]
    public async Task A_cursor_that_was_not_given_out_is_refused(string cursor)
    {
        var wrong = await Assert.ThrowsAsync<RunQueryException>(() => runs.Reader.Read(new(Cursor: cursor), default));

        Assert.Equal("invalid_cursor", wrong.Code);
    }

    [Fact]
    public async Task A_cursor_of_another_question_is_refused()
    {
        var page = await runs.Reader.Read(new("run.seconds >= 0", Limit: 1), default);

        await Assert.ThrowsAsync<RunQueryException>(() => runs.Reader.Read(new("run.seconds >= 1", Cursor: page.Next), default));
        await Assert.ThrowsAsync<RunQueryException>(() => runs.Reader.Read(new("run.seconds >= 0", "started", Cursor: page.Next), default));
    }

    [Fact]
    public async Task Nothing_that_a_person_writes_becomes_sql()
    {
        foreach (var text in new[] { "'; drop table experiment.run; --", "$1", "\\", "x\" or 1=1", "%" })
        {
            var quoted = text.Replace("\"", "\"\"", StringComparison.Ordinal);
            var page = await runs.Reader.Read(new($"run.name = \"{quoted}\" or tag.\"{quoted}\" = \"{quoted}\" or param.a in (\"{quoted}\")", $"tag.\"{quoted}\"", $"tag.\"{quoted}\"", Limit: 1000), default);

            Assert.All(page.Rows, row => Assert.Null(row.Values[0]));
        }

        Assert.Equal(Runs.Count, (await runs.Reader.Read(new(Limit: 1000), default)).Rows.Length);
    }

    /// <summary>Three hundred generated runs.</summary>
    public sealed class Runs : IAsyncLifetime
    {
        public const int Count = 300;
        private readonly PostgresFixture _postgres = new();

        public RunReader Reader { get; private set; } = null!;

        public Npgsql.NpgsqlDataSource Source => _postgres.Source;

        internal IReadOnlyList<RunBundle> All { get; private set; } = [];

        public async Task InitializeAsync()
        {
            await _postgres.InitializeAsync();
            Reader = new RunReader(_postgres.Source, TimeProvider.System);
            var store = new RunStore(_postgres.Source, TimeProvider.System);
            var random = new RandomRuns(20261123);
            All = [.. Enumerable.Range(0, Count).Select(_ => random.Run())];
            foreach (var run in All)
            {
                var decision = await store.Import(run, run.Run.Id.ToString(), "test", default);
                Assert.Equal((RunOutcome.Recorded, null), (decision.Outcome, decision.Explanation));
            }
        }

        public Task DisposeAsync() => _postgres.DisposeAsync();
    }
}

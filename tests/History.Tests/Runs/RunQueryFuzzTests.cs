using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;
using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Queries;
using Npgsql;
using Xunit;

namespace EnergyTTT.History.Tests.Runs;

/// <summary>A hundred thousand strings that nobody would write: each is answered, or refused at a place inside it; none reaches PostgreSQL as anything but a parameter.</summary>
public sealed partial class RunQueryFuzzTests(RunReaderTests.Runs runs) : IClassFixture<RunReaderTests.Runs>
{
    private const int Strings = 100_000;
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly FrozenDictionary<string, int> Fields = new Dictionary<string, int> { ["param.a"] = 1, ["tag.site"] = 2, ["metric.saving_percent"] = 3, ["receipt.publishable"] = 4 }.ToFrozenDictionary();

    [Fact]
    public async Task A_hundred_thousand_strings_are_answered_or_refused_in_their_place()
    {
        var random = new Random(20261123);
        var (answered, refused, asked) = (0, 0, 0);
        for (var round = 0; round < Strings; round++)
        {
            var text = RandomQueries.Next(random);
            RunCondition condition;
            try
            {
                condition = RunQueryParser.Parse(text, Now);
                answered++;
            }
            catch (RunQueryException wrong)
            {
                Assert.InRange(wrong.Position, 1, text.Length + 1);
                Assert.InRange(wrong.Length, 0, text.Length + 1 - wrong.Position);
                Assert.StartsWith($"At character {wrong.Position}: ", wrong.Message, StringComparison.Ordinal);
                Assert.NotEmpty(wrong.Expected);
                refused++;
                continue;
            }

            Assert.Matches(OnlyOurWords(), RunPageSql.Write(condition, RunOrder.Default, null, 1, Fields).ToString());
            Assert.Matches(OnlyOurWords(), RunPageSql.Write(condition, RunOrder.Default, null, 1, Fields, 100).ToString());

            // Every fifth goes all the way: what PostgreSQL cannot take would throw.
            if (answered % 5 == 0)
            {
                var page = await runs.Reader.Read(new RunQuestion(text, Limit: 1), default);
                Assert.InRange(page.Rows.Length, 0, 1);
                asked++;
            }
        }

        Assert.Equal(Strings, answered + refused);
        Assert.InRange(answered, 5_000, Strings - 5_000);
        Assert.InRange(asked, 1_000, Strings);
    }

    [Fact]
    public async Task Random_cursors_orders_and_columns_are_answered_or_refused_too()
    {
        var random = new Random(7);
        var first = (await runs.Reader.Read(new(Order: "param.a", Limit: 1), default)).Next!;
        for (var round = 0; round < 5_000; round++)
        {
            var cursor = new StringBuilder(first);
            cursor[random.Next(cursor.Length)] = (char)random.Next(33, 127);
            var question = random.Next(3) switch
            {
                0 => new RunQuestion(Order: "param.a", Cursor: cursor.ToString(), Limit: 1),
                1 => new RunQuestion(Order: RandomQueries.Next(random), Limit: 1),
                _ => new RunQuestion(Columns: RandomQueries.Next(random), Limit: 1),
            };
            try
            {
                await runs.Reader.Read(question, default);
            }
            catch (RunQueryException)
            {
                // Refused: as good as answered.
            }
        }
    }

    [Fact]
    public async Task The_watch_itself_works_sql_in_a_query_would_be_seen()
    {
        Assert.DoesNotMatch(OnlyOurWords(), "select r.run_no from experiment.run r where r.name = 'x'");
        Assert.DoesNotMatch(OnlyOurWords(), "select r.run_no from experiment.run r where pg_sleep($1)");
        await using var broken = runs.Source.CreateCommand("select 1 where $1 like $2");
        broken.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "a" });
        broken.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "\\" });
        await Assert.ThrowsAsync<PostgresException>(() => broken.ExecuteScalarAsync());
    }

    // Names of our own tables and columns, words of SQL, parameters, signs: no literal and no other name.
    [GeneratedRegex("""
        ^(?:\s+|\$\d+|[(),.=<>*]|<>|<=|>=|::|-|"C"|\b(?:1000000|200|0)\b|\b(?:select|from|where|and|or|not|in|is|null|true|false|as|left|join|on|any|like|order|by|limit|exists|offset|desc|asc|nulls|last|collate|extract|epoch|coalesce|double|precision|text|bigint|integer
        |experiment|run|fact|r|f|o|run_no|run_id|field_id|number|moment|flag|name|kind|state|reason|started|finished|recorded|recorder|source|origin|gpu_model|policy_version)\b)+\z
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex OnlyOurWords();
}

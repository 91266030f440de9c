using EnergyTTT.History.Runs.Queries;
using Xunit;

namespace EnergyTTT.History.Tests.Runs;

public sealed class RunQueryParserTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("metric.saving_percent > 5", "(metric.saving_percent > 5)")]
    [InlineData("origin = \"measured\" or run.kind = 'aa' and param.d_model <= 768", "((origin = \"measured\") or ((run.kind = \"aa\") and (param.d_model <= 768)))")]
    [InlineData("not run.kind = \"aa\" and origin != \"measured\"", "((not (run.kind = \"aa\")) and (origin != \"measured\"))")]
    [InlineData("not (param.a = 1 OR param.b = true)", "(not ((param.a = 1) or (param.b = true)))")]
    [InlineData("tag.site In (\"ams\", 'fra')", "(tag.site in (\"ams\", \"fra\"))")]
    [InlineData("tag.site not in (\"ams\")", "(tag.site not in (\"ams\"))")]
    [InlineData("gpu.model like \"%H100%\"", "(gpu.model like \"%H100%\")")]
    [InlineData("gpu.model is null or tag.\"my site\" is not null", "((gpu.model is null) or (tag.\"my site\" is not null))")]
    [InlineData("run.name = \"say \"\"hi\"\"\"", "(run.name = \"say \"\"hi\"\"\")")]
    [InlineData("param.x=-1.5e-3", "(param.x = -0.0015)")]
    [InlineData("started >= 2026-11-01", "(started >= 2026-11-01)")]
    [InlineData("started >= now-30d", "(started >= 2026-10-24T12:00:00.0000000Z)")]
    [InlineData("started < 2026-11-01T10:30:00+02:00", "(started < 2026-11-01T08:30:00.0000000Z)")]
    [InlineData("metric.saving_percent > 5 and (gpu.model like \"%H100%\" or tag.site in (\"ams\",\"fra\")) and started >= now-30d and receipt.publishable = true",
        "((metric.saving_percent > 5) and ((gpu.model like \"%H100%\") or (tag.site in (\"ams\", \"fra\"))) and (started >= 2026-10-24T12:00:00.0000000Z) and (receipt.publishable = true))")]
    [InlineData("  ", "true")]
    public void A_query_means_what_its_precedence_says(string query, string meaning) => Assert.Equal(meaning, RunQueryText.Of(RunQueryParser.Parse(query, Now)));

    [Theory]
    [InlineData("metric.saving_percent >", 24, 0, "a number")]
    [InlineData("metric.saving_percent > \"5\"", 25, 3, "a number")]
    [InlineData("metric.saving_percent >> 5", 24, 1, "a number")]
    [InlineData("origin = \"guessed\"", 10, 9, "\"measured\"")]
    [InlineData("origin = measured", 10, 8, "a text in quotes")]
    [InlineData("started > 5", 11, 1, "a date")]
    [InlineData("started >= 2026-13-01", 12, 10, "a date")]
    [InlineData("started >= now-30y", 12, 7, "now-30d")]
    [InlineData("runs.kind = \"aa\"", 1, 9, "a field")]
    [InlineData("param. = 1", 1, 6, "a field")]
    [InlineData("param.a = 1 param.b = 2", 13, 7, "'and', 'or'")]
    [InlineData("(param.a = 1", 13, 0, "')' for the '(' at character 1")]
    [InlineData("param.a = 1)", 12, 1, "'and', 'or' or the end")]
    [InlineData("param.a in ()", 13, 1, "a number")]
    [InlineData("param.a in (1 2)", 15, 1, "',' or ')'")]
    [InlineData("param.a = null", 11, 4, "'is null'")]
    [InlineData("param.a is 5", 12, 1, "'null' or 'not null'")]
    [InlineData("param.a == 5", 9, 2, "'='")]
    [InlineData("param.a <> 5", 9, 2, "'!='")]
    [InlineData("param.a < true", 9, 1, "= or !=")]
    [InlineData("metric.a like \"x\"", 10, 4, "like is for texts")]
    [InlineData("run.name like \"x\\\"", 15, 4, "after the last backslash")]
    [InlineData("run.name = \"open", 17, 0, "a closing \"")]
    [InlineData("run.name = 1e999", 12, 5, "a number of a magnitude")]
    [InlineData("run.name ; drop", 10, 1, "a field, an operator")]
    [InlineData("and", 1, 3, "a condition")]
    [InlineData("not", 4, 0, "a condition")]
    public void A_mistake_is_told_with_its_place_and_what_was_expected(string query, int position, int length, string expected)
    {
        var wrong = Assert.Throws<RunQueryException>(() => RunQueryParser.Parse(query, Now));

        Assert.Equal((position, length), (wrong.Position, wrong.Length));
        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
        Assert.StartsWith($"At character {position}: ", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Length_depth_conditions_and_values_have_limits_that_are_named()
    {
        Assert.Equal("too_long", Code(new string(' ', 4001)));
        Assert.Equal("too_deep", Code(new string('(', 33) + "param.a = 1" + new string(')', 33)));
        Assert.Equal("too_deep", Code(string.Concat(Enumerable.Repeat("not ", 33)) + "param.a = 1"));
        Assert.Equal("too_many_conditions", Code(string.Join(" or ", Enumerable.Repeat("param.a = 1", 65))));
        Assert.Equal("too_many_values", Code("param.a in (" + string.Join(',', Enumerable.Repeat("1", 501)) + ")"));
        Assert.Equal("out_of_range", Code("started > now-999999999w"));
        _ = RunQueryParser.Parse(new string('(', 32) + "param.a = 1" + new string(')', 32), Now);
        _ = RunQueryParser.Parse(string.Join(" or ", Enumerable.Repeat("param.a = 1", 64)), Now);

        static string Code(string query) => Assert.Throws<RunQueryException>(() => RunQueryParser.Parse(query, Now)).Code;
    }

    [Theory]
    [InlineData("", "started desc")]
    [InlineData("-metric.saving_percent", "metric.saving_percent desc")]
    [InlineData("param.d_model asc", "param.d_model")]
    [InlineData("run.name DESC", "run.name desc")]
    public void An_order_is_one_field_and_a_direction(string order, string meaning) => Assert.Equal(meaning, RunOrder.Parse(order).ToString());

    [Theory]
    [InlineData("nonsense", 1)]
    [InlineData("started, run.name", 8)]
    [InlineData("started down", 9)]
    [InlineData("-started asc", 10)]
    [InlineData("started desc 1", 14)]
    public void A_wrong_order_is_told_with_its_place(string order, int position) => Assert.Equal(position, Assert.Throws<RunQueryException>(() => RunOrder.Parse(order)).Position);
}

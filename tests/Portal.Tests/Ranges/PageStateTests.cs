using CsCheck;
using EnergyTTT.Portal.Ranges;

namespace EnergyTTT.Portal.Tests.Ranges;

public sealed class PageStateTests
{
    private static readonly Gen<TimePoint> Point = Gen.OneOf(
        Gen.Select(Gen.Int[1, 90], Gen.Char["smhdwMy"], (amount, unit) => TimePoint.Ago(amount, unit)),
        Gen.Long[0, 4_000_000_000_000].Select(milliseconds => TimePoint.At(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds))),
        Gen.OneOf(Gen.Const("now"), Gen.Const("now/d"), Gen.Const("now-1d/d"), Gen.Const("now+2h"), Gen.Const("now-3w/w"), Gen.Const("now/M")).Select(text => TimePoint.TryParse(text, out var point) ? point : throw new FormatException(text)));

    private static readonly Gen<PageState> State =
        from fromPoint in Point
        from toPoint in Point
        from refresh in Gen.OneOf(Gen.Const(0), Gen.Const(1), Gen.Const(2), Gen.Const(5), Gen.Const(30), Gen.Const(60), Gen.Const(90), Gen.Const(3_600))
        from zone in Gen.OneOf(Gen.Const("browser"), Gen.Const("utc"), Gen.Const("Europe/Berlin"), Gen.Const("America/New_York"))
        from names in Gen.String[Gen.Char["abcXYZ-_. &=ä"], 1, 8].Array[0, 3]
        from values in Gen.String[Gen.Char["abc/&=?#+% ü✓"], 1, 12].Array[1, 3]
        select names.Aggregate(
            PageState.Default with { Range = new TimeRange(fromPoint, toPoint), Refresh = TimeSpan.FromSeconds(refresh), Zone = zone },
            (state, name) => state.With(name, values));

    [Fact]
    public void Every_state_of_a_page_survives_its_address() =>
        State.Sample(state =>
        {
            var read = PageState.Parse(state.ToQuery());

            return read.Range == state.Range && read.Refresh == state.Refresh && read.Zone == state.Zone && read.Refused.IsEmpty
                && read.Variables.Keys.SequenceEqual(state.Variables.Keys)
                && read.Variables.Values.Zip(state.Variables.Values).All(pair => pair.First.SequenceEqual(pair.Second));
        }, iter: 2_000);

    [Fact]
    public void Any_text_after_the_question_mark_is_read_without_failing() =>
        Gen.String[0, 80].Sample(text => PageState.Parse("?" + text) is not null, iter: 2_000);

    [Fact]
    public void The_address_of_the_default_is_empty() => Assert.Equal("", PageState.Default.ToQuery());

    [Fact]
    public void An_address_as_Grafana_writes_it_is_understood()
    {
        var state = PageState.Parse("?from=now-6h&to=now&refresh=5s&tz=browser&var-gpu=GPU-1&var-host=a&var-host=b&orgId=1");

        Assert.Equal(TimeRange.Last(6, 'h'), state.Range);
        Assert.Equal(TimeSpan.FromSeconds(5), state.Refresh);
        Assert.Equal("GPU-1", state["gpu"]);
        Assert.Equal<string>(["a", "b"], state.Variables["host"]);
        Assert.Equal("?from=now-6h&to=now&refresh=5s&var-gpu=GPU-1&var-host=a&var-host=b", state.ToQuery());
    }

    [Fact]
    public void What_cannot_be_read_falls_back_and_is_named()
    {
        var state = PageState.Parse("?from=later&to=now&refresh=0.1s&tz=Mars/Olympus");

        Assert.Equal(TimeRange.Default, state.Range);
        Assert.Equal(PageState.Default.Refresh, state.Refresh);
        Assert.Equal("browser", state.Zone);
        Assert.Equal<string>(["from=later", "refresh=0.1s", "tz=Mars/Olympus"], state.Refused.Sort(StringComparer.Ordinal));
    }

    [Fact]
    public void Pausing_is_part_of_the_address()
    {
        var paused = PageState.Default with { Refresh = TimeSpan.Zero };

        Assert.Equal("?refresh=off", paused.ToQuery());
        Assert.True(PageState.Parse("?refresh=off").IsPaused);
    }

    [Theory]
    [InlineData("now-15m", "now", true)]
    [InlineData("now/d", "now/d", false)]
    [InlineData("now-6h", "now-1h", false)]
    [InlineData("2026-11-23T08:00:00Z", "now", false)]
    public void Only_a_range_that_ends_now_slides(string from, string to, bool slides) =>
        Assert.Equal(slides, PageState.Parse($"?from={from}&to={to}").Range.IsSliding);
}

using EnergyTTT.Portal.Ranges;

namespace EnergyTTT.Portal.Tests.Ranges;

public sealed class TimePointTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 8, 17, 42, TimeSpan.Zero);
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("now", "2026-11-23T08:17:42Z")]
    [InlineData("now-6h", "2026-11-23T02:17:42Z")]
    [InlineData("now-90s", "2026-11-23T08:16:12Z")]
    [InlineData("now-1M", "2026-10-23T08:17:42Z")]
    [InlineData("now/d", "2026-11-23T00:00:00Z")]
    [InlineData("now-1d/d", "2026-11-22T00:00:00Z")]
    [InlineData("now/w", "2026-11-23T00:00:00Z")]
    [InlineData("now/M", "2026-11-01T00:00:00Z")]
    [InlineData("now/h", "2026-11-23T08:00:00Z")]
    [InlineData("2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z")]
    [InlineData("2026-11-23", "2026-11-23T00:00:00Z")]
    [InlineData("1795420800000", "2026-11-23T08:00:00Z")]
    public void A_point_in_the_grammar_of_Grafana_resolves_to_its_instant(string text, string expected)
    {
        Assert.True(TimePoint.TryParse(text, out var point));

        Assert.Equal(DateTimeOffset.Parse(expected, null), point.Resolve(Now, TimeZoneInfo.Utc));
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("now-")]
    [InlineData("now-6q")]
    [InlineData("now-6h/x")]
    [InlineData("now-99999999y")]
    [InlineData("2026-13-01")]
    [InlineData("-5")]
    [InlineData("99999999999999999999")]
    [InlineData("<script>")]
    public void What_is_no_point_in_time_is_refused(string text) => Assert.False(TimePoint.TryParse(text, out _));

    [Fact]
    public void The_right_end_of_a_rounded_range_is_the_end_of_its_day()
    {
        Assert.True(TimePoint.TryParse("now/d", out var today));

        Assert.Equal(new DateTimeOffset(2026, 11, 24, 0, 0, 0, TimeSpan.Zero), today.Resolve(Now, TimeZoneInfo.Utc, end: true));
    }

    [Theory]
    [InlineData("2026-03-29T12:00:00Z", 23)]
    [InlineData("2026-10-25T12:00:00Z", 25)]
    [InlineData("2026-06-01T12:00:00Z", 24)]
    public void A_day_in_Berlin_is_as_long_as_it_is_on_the_wall(string now, int hours)
    {
        var today = new TimeRange(Parse("now/d"), Parse("now/d"));

        var (from, to) = today.Resolve(DateTimeOffset.Parse(now, null), Berlin);

        Assert.Equal(hours, (to - from).TotalHours);
    }

    [Fact]
    public void A_day_back_across_the_end_of_daylight_saving_keeps_the_time_on_the_wall()
    {
        var now = new DateTimeOffset(2026, 10, 26, 7, 0, 0, TimeSpan.Zero); // 08:00 in Berlin, winter

        Assert.Equal(new DateTimeOffset(2026, 10, 25, 7, 0, 0, TimeSpan.Zero), Parse("now-1d").Resolve(now, Berlin));
        Assert.Equal(new DateTimeOffset(2026, 10, 24, 6, 0, 0, TimeSpan.Zero), Parse("now-2d").Resolve(now, Berlin));
    }

    [Fact]
    public void A_range_that_runs_backwards_is_shown_as_the_minute_before_its_end()
    {
        var range = new TimeRange(Parse("now"), Parse("now-1h"));

        var (from, to) = range.Resolve(Now, TimeZoneInfo.Utc);

        Assert.Equal((Now.AddMinutes(-61), Now.AddMinutes(-60)), (from, to));
    }

    private static TimePoint Parse(string text) => TimePoint.TryParse(text, out var point) ? point : throw new FormatException(text);
}

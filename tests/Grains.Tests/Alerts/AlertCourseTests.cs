using EnergyTTT.Grains.Alerts;
using EnergyTTT.Wire.Alerts;
using Xunit;

namespace EnergyTTT.Grains.Tests.Alerts;

/// <summary>The states of one thing, reading by reading, on a clock that the test turns.</summary>
public sealed class AlertCourseTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private static readonly AlertRule Rule = new("hot", "temperature_celsius", 80, Recovery: 75, ForSeconds: 30, RecoverSeconds: 20);

    [Fact]
    public void It_alerts_once_it_was_broken_for_long_enough_and_is_over_once_it_was_good_for_long_enough()
    {
        Assert.Equal("n p p p a a r r n", States(Rule, 70, 81, 82, 83, 84, 85, 75, 74, 73));
    }

    [Fact]
    public void A_breach_that_ends_before_its_time_never_alerts()
    {
        Assert.Equal("p p n p p n", States(Rule, 81, 81, 79, 81, 81, 79));
    }

    [Fact]
    public void Between_recovery_and_threshold_an_alert_goes_on_and_nothing_begins()
    {
        Assert.Equal("n p p p a a r a r r n", States(Rule, 77, 81, 81, 81, 81, 77, 75, 76, 75, 75, 75));
    }

    [Fact]
    public void The_same_alert_goes_on_when_it_breaks_again_while_it_recovers()
    {
        var courses = Courses(Rule, 81, 81, 81, 81, 75, 81, 75, 75, 75, 81, 81, 81, 81);

        var first = courses[3].Episode;
        Assert.NotNull(first);
        Assert.All(courses[3..8], course => Assert.Equal(first, course.Episode));
        Assert.Equal((AlertState.Normal, null), (courses[8].State, courses[8].Episode));
        Assert.Equal(AlertState.Alerting, courses[12].State);
        Assert.NotEqual(first, courses[12].Episode);
    }

    [Fact]
    public void Silence_is_never_normal_and_an_open_alert_stays_open_through_it()
    {
        var courses = Courses(Rule, 70, null, null, 81, 81, 81, 81, null, 75, 75, 75);

        Assert.Equal("n - - p p p a - r r n", Words(courses));
        Assert.Equal(courses[6].Episode, courses[7].Episode);
        Assert.Equal(Start.AddSeconds(10), courses[2].Since);
    }

    [Theory]
    [InlineData(NoDataChoice.Show, "p p p a - -")]
    [InlineData(NoDataChoice.Notify, "p p p a - -")]
    [InlineData(NoDataChoice.Keep, "p p p a a a")]
    [InlineData(NoDataChoice.Alert, "p p p a a a")]
    public void Each_rule_chooses_what_silence_does_to_an_alert(NoDataChoice choice, string states)
    {
        Assert.Equal(states, States(Rule with { NoData = choice }, 81, 81, 81, 81, null, null));
    }

    [Theory]
    [InlineData(NoDataChoice.Keep, "n - - n")]
    [InlineData(NoDataChoice.Alert, "n p p n")]
    public void Each_rule_chooses_what_silence_does_to_what_was_normal(NoDataChoice choice, string states)
    {
        Assert.Equal(states, States(Rule with { NoData = choice }, 70, null, null, 70));
    }

    [Fact]
    public void Without_waiting_times_it_alerts_and_ends_at_once_and_below_works_the_other_way_round()
    {
        var rule = Rule with { Comparison = AlertComparison.Below, Threshold = 10, Recovery = 20, ForSeconds = 0, RecoverSeconds = 0 };

        Assert.Equal("n a a n", States(rule, 10, 9, 15, 20));
    }

    [Fact]
    public void Who_looks_twice_names_the_same_alert()
    {
        Assert.Equal(Courses(Rule, 81, 81, 81, 81)[3].Episode, Courses(Rule, 81, 81, 81, 81)[3].Episode);
    }

    private static string States(AlertRule rule, params double?[] values) => Words(Courses(rule, values));

    private static string Words(IEnumerable<AlertCourse> courses) => string.Join(' ', courses.Select(course => course.State switch
    {
        AlertState.Normal => 'n', AlertState.Pending => 'p', AlertState.Alerting => 'a', AlertState.Recovering => 'r', _ => '-',
    }));

    private static AlertCourse[] Courses(AlertRule rule, params double?[] values)
    {
        var courses = new List<AlertCourse>();
        var course = AlertCourse.New(Start);
        for (var i = 0; i < values.Length; i++)
        {
            courses.Add(course = course.Next(rule, "gpu/GPU-1", values[i], Start.AddSeconds(10 * i)));
        }

        return [.. courses];
    }
}

using System.Collections.Immutable;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Tests.Runs;

/// <summary>Runs and questions that fit each other often enough to be worth asking.</summary>
internal sealed class RandomRuns(int seed)
{
    private static readonly string[] Texts = ["", "a", "ab", "AB", "a%b", "a_b", "\\", "ä", "\uffff", "😀", "it's", "say \"hi\"", "H100", "NVIDIA H100 80GB", new string('x', 200), new string('x', 201), new string('x', 200) + "y", "'; drop table experiment.run; --"];
    private static readonly string[] Patterns = ["%", "a%", "%b", "_", "__", "a\\%b", "a\\_b", "%H100%", "\\\\", "😀", "_%", "%x"];
    private static readonly double[] Numbers = [0, -0.0, 1, -1, 5, 5.5, 16, 0.1, 1e-300, 1e300, 123456789.125];
    private static readonly DateTimeOffset Epoch = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Fields =
    [
        "run.kind", "run.name", "run.state", "run.reason", "run.started", "run.finished", "run.seconds", "started", "origin", "gpu.model", "policy.version", "param.a", "param.b", "param.\u00e9 x", "metric.saving_percent",
        "metric.none", "tag.site", "tag.team-a", "receipt.publishable", "receipt.started", "receipt.engine", "receipt.gap_seconds", "receipt.gpus", "receipt.power_limit_watts",
    ];

    private readonly Random _random = new(seed);

    public RunBundle Run()
    {
        var started = Moment();
        var finished = Maybe() ? started.AddSeconds(_random.Next(0, 200_000) / 8.0) : started;
        var origin = (Origin)_random.Next(4);
        var receipt = Maybe() ? null : new RunReceipt
        {
            Started = started, Finished = finished, Origin = origin, Gpus = Maybe() ? [] : [Text(), Text()], GpuModel = Maybe() ? null : Text(), PolicyVersion = Maybe() ? null : _random.Next(3), Engine = Text(), CodeVersion = Text(),
            SettingsSha256 = "", OrderSeed = 1, Order = ["x"], Host = "", GapSeconds = Number(), PowerLimitWatts = Maybe() ? null : Number(), Publishable = origin == Origin.Measured && Maybe(), Reasons = [],
        };
        var run = new RunDescription
        {
            Id = new Guid([.. Enumerable.Range(0, 16).Select(_ => (byte)_random.Next(256))]), Kind = Maybe() ? "compare" : Text(), Name = Text(), Started = started, Finished = finished, State = (RunState)_random.Next(1, 4), Origin = origin,
            Reason = Maybe() ? null : Text(), Parameters = [], Tags = [], Metrics = [],
        };
        foreach (var name in new[] { "a", "b", "\u00e9 x" }.Where(_ => _random.Next(4) > 0))
        {
            run.Parameters[name] = _random.Next(3) switch { 0 => Number(), 1 => Text(), _ => Maybe() };
        }

        foreach (var name in new[] { "site", "team-a" }.Where(_ => Maybe()))
        {
            run.Tags[name] = Text();
        }

        if (_random.Next(3) > 0)
        {
            run.Metrics["saving_percent"] = Number();
        }

        return new RunBundle { Schema = 1, Run = run, Arms = [], Trials = [], Comparisons = [], Receipt = receipt, ReceiptSha256 = RunBundleFile.Digest(receipt) };
    }

    public RunField Field() => RunFields.Find(Fields[_random.Next(Fields.Length)])!;

    public RunCondition Condition(int depth) => (depth == 0 ? 9 : _random.Next(10)) switch
    {
        0 or 1 => new RunCondition.And(Parts<RunCondition.And>(depth)),
        2 or 3 => new RunCondition.Or(Parts<RunCondition.Or>(depth)),
        4 or 5 => new RunCondition.Not(Condition(depth - 1)),
        _ => Leaf(Field()),
    };

    // An 'and' within an 'and' would be read back as one.
    private ImmutableArray<RunCondition> Parts<T>(int depth) => [.. Enumerable.Range(0, _random.Next(2, 4)).Select(_ =>
    {
        var part = Condition(depth - 1);
        return part is T ? new RunCondition.Not(part) : part;
    })];

    private RunCondition Leaf(RunField field)
    {
        var isText = field.Kind is RunFieldKind.Text or RunFieldKind.Any;
        switch (_random.Next(isText ? 8 : 6))
        {
            case 0:
                return new RunCondition.Missing(field, Maybe());
            case 1 or 2:
                return new RunCondition.OneOf(field, [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Value(field))], Maybe());
            case 6 or 7:
                return new RunCondition.Like(field, Patterns[_random.Next(Patterns.Length)], Maybe());
        }

        var value = Value(field);
        return new RunCondition.Compare(field, (RunComparator)_random.Next(value is RunValue.Flag ? 2 : 6), value);
    }

    private RunValue Value(RunField field) => field.Kind switch
    {
        _ when !field.Words.IsEmpty => new RunValue.Text(field.Words[_random.Next(field.Words.Length)]),
        RunFieldKind.Text => new RunValue.Text(Text()),
        RunFieldKind.Number => new RunValue.Number(Number()),
        RunFieldKind.Moment => Time(),
        _ => _random.Next(4) switch { 0 => new RunValue.Text(Text()), 1 => new RunValue.Number(Number()), 2 => new RunValue.Flag(Maybe()), _ => Time() },
    };

    private RunValue.Moment Time()
    {
        var moment = Moment();
        var day = new DateTimeOffset(moment.UtcDateTime.Date, TimeSpan.Zero);
        return Maybe() ? new(day, day.AddDays(1)) : new(moment, moment);
    }

    private DateTimeOffset Moment() => Epoch.AddHours(_random.Next(0, 12) * 6).AddTicks(_random.Next(0, 3) * TimeSpan.TicksPerMicrosecond);

    private double Number() => Numbers[_random.Next(Numbers.Length)];

    private string Text() => Texts[_random.Next(Texts.Length)];

    private bool Maybe() => _random.Next(2) == 0;
}

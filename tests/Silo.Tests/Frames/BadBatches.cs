using System.Globalization;
using System.Text;
using CsCheck;

namespace EnergyTTT.Silo.Tests.Frames;

/// <summary>A generated batch and the answer that it must get.</summary>
/// <param name="Kind">What was done to it.</param>
/// <param name="Json">Its bytes.</param>
/// <param name="Status">The status it must get.</param>
/// <param name="Problem">The code of the problem, or null.</param>
/// <param name="Codes">The codes in the receipt.</param>
internal sealed record MadeBatch(string Kind, byte[] Json, int Status, string? Problem, string[] Codes);

/// <summary>Makes batches: good frames, one of which is spoilt in one of many ways, or a body spoilt as a whole.</summary>
internal static class BadBatches
{
    private sealed record Spoiler(string Kind, string Field, string[] Codes, Gen<string> Value, bool Keeps = false);

    private static readonly string[] Numbers = ["energy_joules", "power_average_watts", "power_max_watts", "sm_clock_hertz", "memory_clock_hertz", "fan_ratio", "utilization_ratio", "memory_activity_ratio", "power_limit_watts"];
    private static readonly string[] Temperatures = ["temperature_celsius", "memory_temperature_celsius"];
    private static readonly string[] Integers = ["tokens", "samples", "memory_used_bytes", "memory_total_bytes"];
    private static readonly string[] Ratios = ["fan_ratio", "utilization_ratio", "memory_activity_ratio"];
    private static readonly string[] Fields = [.. Numbers, .. Temperatures, .. Integers];

    private static readonly Gen<Spoiler> Spoilers = Gen.OneOf(
        One("negative", Numbers, Number(-1e6, -1e-6), "negative"),
        One("negative integer", Integers, Whole(-1_000_000, -1), "negative"),
        One("negative sequence", ["sequence"], Whole(-1_000_000, -1), "negative"),
        One("negative seconds", ["seconds"], Number(-1e6, -1e-6), "negative"),
        One("zero seconds", ["seconds"], Gen.Const("0"), "out_of_range"),
        One("long seconds", ["seconds"], Number(3_601, 1e6), "out_of_range"),
        One("overflow", Fields, Pick("1e999", "-1e999", "1" + new string('0', 400)), "overflow"),
        One("overflowing sequence", ["sequence"], Pick("9223372036854775808", "1e300"), "overflow"),
        One("fraction of an integer", Integers, Number(0.1, 0.9), "wrong_type"),
        One("hot", Temperatures, Number(130.1, 1e6), "out_of_range"),
        One("cold", Temperatures, Number(-1e6, -20.1), "out_of_range"),
        One("ratio above one", Ratios, Number(1.001, 1e6), "out_of_range"),
        One("above 1.5 times the limit", ["power_average_watts", "power_max_watts"], Number(1_051, 19_000), "above_power_limit"),
        One("energy above the limit", ["energy_joules"], Number(1_400, 1e6), "above_power_limit"),
        One("absurd power", ["power_average_watts", "power_max_watts", "power_limit_watts"], Number(20_001, 1e12), "out_of_range"),
        One("clock ahead", ["time"], Time(TimeSpan.FromMinutes(6), TimeSpan.FromDays(3_000)), "clock_ahead"),
        One("too old", ["time"], Time(TimeSpan.FromDays(-3_000), TimeSpan.FromDays(-14.1)), "too_old"),
        One("no time", ["time"], Pick("\"yesterday\"", "\"\"", "\"2026-13-40T00:00:00Z\"", "\"2026-11-23T01:02:03\"", "\"2026-11-23\""), "invalid"),
        One("no gpu", ["gpu"], Pick("\"\"", "\"GPU 1\"", "\"GPU/1\"", "\"\\ud800\"", "\"" + new string('x', 97) + "\"", "\"\\u0000\""), "invalid"),
        One("no origin", ["origin"], Pick("\"guessed\"", "\"MEASURED\"", "\"\""), "invalid"),
        One("no method", ["energy_method"], Pick("\"abacus\"", "\"\""), "invalid"),
        One("required is null", ["gpu", "sequence", "time", "seconds", "origin"], Gen.Const("null"), "missing"),
        One("text for a number", Fields, Pick("\"12\"", "\"NaN\"", "\"\"", "true", "[]", "{}", "[[1,{\"a\":2}]]"), "wrong_type"),
        One("number for a text", ["gpu", "time", "origin", "energy_method"], Pick("12", "false", "{}", "[\"GPU-1\"]"), "wrong_type"),
        One("throttle is no object", ["throttle_seconds"], Pick("12", "[]", "\"none\"", "true"), "wrong_type"),
        One("negative throttle", ["throttle_seconds"], Gen.Const("{\"sw_thermal\":-0.5}"), "negative"),
        Sentinel("sentinel of 64 bits", [.. Numbers, .. Temperatures, .. Integers], "9223372036854775792", "9223372036854775794", "9.223372036854776e18"),
        Sentinel("sentinel of a double", Fields, "140737488355328", "140737488355330"),
        Sentinel("sentinel of 32 bits", [.. Numbers, .. Temperatures, "tokens", "samples"], "2147483632", "2147483634", "2147483647", "4294967295"));

    private static readonly Gen<(string Kind, Func<string, byte[]> Do, int Status, string Problem)> Wrecks = Gen.OneOf(
        Gen.Int[1, 200].Select(cut => Wreck("truncated", body => Encoding.UTF8.GetBytes(body[..^Math.Min(cut, body.Length - 1)]), 400, "not_json")),
        Pick("NaN", "Infinity", "-Infinity", "01", "+1", ".5", "0x1F", "undefined").Select(word =>
            Wreck("bare " + word, body => Encoding.UTF8.GetBytes(body.Replace("\"samples\":10", "\"samples\":" + word, StringComparison.Ordinal)), 400, "not_json")),
        Pick("x", "{}", "]", "null").Select(tail => Wreck("something behind", body => Encoding.UTF8.GetBytes(body + tail), 400, "not_json")),
        Pick("[]", "12", "\"text\"", "null", "true").Select(whole => Wreck("no object", _ => Encoding.UTF8.GetBytes(whole), 400, "invalid_batch")),
        Pick("source", "boot", "host", "frames").Select(name =>
            Wreck("lacks " + name, body => Encoding.UTF8.GetBytes(body.Replace("\"" + name + "\":", "\"not_" + name + "\":", StringComparison.Ordinal)), 400, "invalid_batch")),
        Pick("\"\"", "12", "\"a\\u0000b\"", "\"" + new string('h', 201) + "\"").Select(host =>
            Wreck("bad host", body => Encoding.UTF8.GetBytes(body.Replace("\"host-1\"", host, StringComparison.Ordinal)), 400, "invalid_batch")),
        Gen.Const(Wreck("another host", body => Encoding.UTF8.GetBytes(body.Replace("\"host-1\"", "\"host-2\"", StringComparison.Ordinal)), 403, "host_not_in_scope")),
        Gen.Const(Wreck("too deep", body => Encoding.UTF8.GetBytes(body.Replace("\"samples\":10", "\"deep\":" + new string('[', 100) + new string(']', 100), StringComparison.Ordinal)), 400, "not_json")),
        Gen.Byte[0x80, 0xff].Array[1, 20].Select(bytes => Wreck("no utf-8", body => [.. Encoding.UTF8.GetBytes(body[..20]), .. bytes, .. Encoding.UTF8.GetBytes(body[20..])], 400, "invalid_batch")));

    private static readonly Gen<(int Good, int Place, int Choice, Spoiler Spoiler, (string Kind, Func<string, byte[]> Do, int Status, string Problem) Wreck, string Value)> Cases =
        from good in Gen.Int[0, 2]
        from place in Gen.Int[0, 2]
        from choice in Gen.Int[0, 9]
        from spoiler in Spoilers
        from wreck in Wrecks
        from value in spoiler.Value
        select (good, Math.Min(place, good), choice, spoiler, wreck, value);

    /// <summary>The batch of that number. Its frames are identified by the number, so that no two batches share one.</summary>
    public static MadeBatch Make(int number)
    {
        var (good, place, choice, spoiler, wreck, value) = Cases.Generate(new PCG((uint)number, 20261123), null, out _);
        List<string> frames = [.. Enumerable.Range(0, good).Select(i => Frame(number, i, null, null))];
        if (choice == 0)
        {
            frames.Add(Frame(number, good, null, null));
            return new MadeBatch("good", Encoding.UTF8.GetBytes(Body(frames)), 200, null, []);
        }

        if (choice == 1)
        {
            frames.Add(Frame(number, good, null, null));
            return new MadeBatch(wreck.Kind, wreck.Do(Body(frames)), wreck.Status, wreck.Problem, []);
        }

        frames.Insert(place, Frame(number, good, spoiler.Field, value));
        var kept = good + (spoiler.Keeps ? 1 : 0);
        return new MadeBatch(spoiler.Kind, Encoding.UTF8.GetBytes(Body(frames)), kept > 0 ? 200 : 422, kept > 0 ? null : "nothing_accepted", spoiler.Codes);
    }

    private static string Body(IEnumerable<string> frames) =>
        $$"""{"source":"fuzz","boot":"fuzz-1","site":"lab","rack":"r1","host":"host-1","gpus":[{"gpu":"GPU-f-0","power_limit_max_watts":700}],"frames":[{{string.Join(',', frames)}}]}""";

    private static string Frame(int number, int index, string? field, string? value)
    {
        var fields = new Dictionary<string, string>
        {
            ["gpu"] = $"\"GPU-f-{index}\"",
            ["sequence"] = number.ToString(CultureInfo.InvariantCulture),
            ["time"] = $"\"{DateTimeOffset.UtcNow.AddSeconds(-(number % 3_000)).UtcDateTime:O}\"",
            ["seconds"] = "1.0",
            ["origin"] = "\"measured\"",
            ["energy_joules"] = "612.4",
            ["energy_method"] = "\"counter\"",
            ["power_average_watts"] = "611.9",
            ["power_max_watts"] = "640.2",
            ["temperature_celsius"] = "66",
            ["power_limit_watts"] = "700",
            ["samples"] = "10",
            ["of_a_later_version"] = "{\"a\":[1,2,{\"b\":null}]}",
        };
        if (field is not null)
        {
            fields[field] = value!;
        }

        return "{" + string.Join(',', fields.Select(pair => $"\"{pair.Key}\":{pair.Value}")) + "}";
    }

    private static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static Gen<Spoiler> One(string kind, string[] fields, Gen<string> value, string code) =>
        Pick(fields).Select(field => new Spoiler(kind, field, [code], value));

    private static Gen<Spoiler> Sentinel(string kind, string[] fields, params string[] values) =>
        Pick(fields).Select(field => new Spoiler(kind, field, ["sentinel"], Pick(values), Keeps: true));

    private static Gen<string> Number(double least, double most) => Gen.Double[least, most].Select(value => value.ToString("R", CultureInfo.InvariantCulture));

    private static Gen<string> Whole(int least, int most) => Gen.Int[least, most].Select(value => value.ToString(CultureInfo.InvariantCulture));

    private static Gen<string> Time(TimeSpan least, TimeSpan most) =>
        Gen.Double[least.TotalSeconds, most.TotalSeconds].Select(seconds => $"\"{DateTimeOffset.UtcNow.AddSeconds(seconds).UtcDateTime:O}\"");

    private static (string Kind, Func<string, byte[]> Do, int Status, string Problem) Wreck(string kind, Func<string, byte[]> act, int status, string problem) => (kind, act, status, problem);
}

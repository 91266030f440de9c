using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using Xunit;

namespace EnergyTTT.Wire.Tests.Policies;

/// <summary>Ten thousand chains of generated policies against a reference that knows nothing but JSON, the list of fields and brute force.</summary>
public sealed class GeneratedPolicyTests
{
    private const int Chains = 10_000;
    private static readonly DateTimeOffset Start = DateTimeOffset.Parse("2026-03-01T00:00:00Z", CultureInfo.InvariantCulture);
    private static readonly string[] Weights = ["performance_weight", "energy_weight", "thermal_weight", "memory_weight", "load_balance_weight"];

    [Fact]
    public void Each_is_refused_with_a_field_and_a_reason_or_does_in_every_field_what_a_slow_reference_says()
    {
        var (accepted, refused) = (0, 0);
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Int[0, 1]).Sample(
            (seed, kind) =>
            {
                var random = new Random(seed);
                string[] scopes = kind == 0 ? ["fleet", "deployment/a"] : ["fleet", "site/s", "rack/r", "host/h"];
                var texts = Array.ConvertAll(scopes, scope => Document(random, scope, nested: false).ToJsonString());
                var now = Start.AddMinutes(random.Next(0, 60 * 24 * 28)).AddSeconds(random.Next(0, 60));
                var documents = Array.ConvertAll(texts, text => JsonSerializer.Deserialize(text, WireJson.Default.PolicyDocument)!);
                var mistakes = scopes.SelectMany((scope, i) => PolicyCatalogue.Validate(scope, documents[i], documents[..i])).ToList();
                var raw = Array.ConvertAll(texts, text => JsonNode.Parse(text)!.AsObject());
                var wrong = scopes.Select((scope, i) => Wrong(scope, raw, i)).Aggregate((a, b) => a || b);
                Assert.True(wrong == (mistakes.Count > 0), $"the reference finds {(wrong ? "a" : "no")} mistake, the catalogue {string.Join("; ", mistakes.Select(mistake => mistake.Reason))} in {string.Join(" ", texts)}");
                if (mistakes.Count > 0)
                {
                    Assert.All(mistakes, mistake => Assert.True(PolicyCatalogue.Find(mistake.Field) is not null && mistake.Reason.Length > 10 && mistake.Bound.Length > 0, mistake.ToString()));
                    Interlocked.Increment(ref refused);
                    return;
                }

                var chain = documents.Select((document, i) => ((long)(7 * i) + 1, document)).ToArray();
                var fast = Whole(kind, now, chain);
                var layers = raw.Select((node, i) => Windowed(raw, i, now)).ToArray();
                foreach (var field in PolicyCatalogue.Fields.Where(field => field.Name != "schedules" && field.Chain == (kind == 0 ? PolicyChain.Routing : PolicyChain.Hardware)))
                {
                    Assert.Equal(Slow(field.Name, layers), fast[field.Name]);
                }

                Interlocked.Increment(ref accepted);
            },
            iter: Chains,
            threads: 1);

        Assert.Equal(Chains, accepted + refused);
        Assert.True(accepted > Chains / 5 && refused > Chains / 5, $"{accepted} accepted, {refused} refused: the generator must exercise both");
    }

    // The reference.
    private static string Slow(string field, JsonObject[] layers)
    {
        if (Weights.Contains(field))
        {
            var all = Weights.Select(weight => Number(weight, layers)).ToArray();
            return Text(Number(field, layers) / all.Sum());
        }

        return PolicyCatalogue.Find(field)!.IsNumber ? Text(Number(field, layers)) : Raw(field, layers);
    }

    private static double Number(string field, JsonObject[] layers) => double.Parse(Raw(field, layers), CultureInfo.InvariantCulture);

    private static string Raw(string field, JsonObject[] layers)
    {
        for (var i = layers.Length - 1; i >= 0; i--)
        {
            if (layers[i][field] is { } node)
            {
                return node.ToString();
            }
        }

        return PolicyCatalogue.Fields.Single(one => one.Name == field).Default;
    }

    private static JsonObject Windowed(JsonObject[] raw, int at, DateTimeOffset now)
    {
        var own = raw[at].DeepClone().AsObject();
        if (Array.FindLastIndex(raw, node => node["schedules"] is not null) != at)
        {
            return own;
        }

        foreach (var window in raw[at]["schedules"]!.AsArray().Where(window => Opened(window!.AsObject(), now)))
        {
            foreach (var (name, value) in window!["set"]!.AsObject())
            {
                own[name] = value!.DeepClone();
            }
        }

        return own;
    }

    // Every minute of the past that is young enough: does the expression match it? The generator writes "minute hour * * *" in UTC only.
    private static bool Opened(JsonObject window, DateTimeOffset now)
    {
        var parts = window["cron"]!.ToString().Split(' ');
        var minute = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, now.Minute, 0, TimeSpan.Zero);
        for (; now - minute < TimeSpan.FromMinutes((int)window["duration_minutes"]!); minute = minute.AddMinutes(-1))
        {
            if (minute.Minute == int.Parse(parts[0], CultureInfo.InvariantCulture) && minute.Hour == int.Parse(parts[1], CultureInfo.InvariantCulture))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Wrong(string scope, JsonObject[] raw, int at)
    {
        var own = raw[at];
        if (OutOfRange(scope, own) || (own["schedules"]?.AsArray().Any(window => OutOfRange(scope, window!["set"]!.AsObject()) || window["set"]!.AsObject().ContainsKey("approval")) ?? false))
        {
            return true;
        }

        var chain = raw[..(at + 1)];
        var scheduled = Array.FindLastIndex(chain, node => node["schedules"] is not null);
        return Unfit(scope, chain) || (scheduled >= 0 && chain[scheduled]["schedules"]!.AsArray().Any(window => Unfit(scope, [.. chain.Select((node, i) => i == scheduled ? Over(node, window!["set"]!.AsObject()) : node)])));
    }

    private static JsonObject Over(JsonObject under, JsonObject set)
    {
        var all = under.DeepClone().AsObject();
        foreach (var (name, value) in set)
        {
            all[name] = value!.DeepClone();
        }

        return all;
    }

    private static bool OutOfRange(string scope, JsonObject node) => node.Any(pair =>
    {
        var field = PolicyCatalogue.Find(pair.Key)!;
        var belongs = scope == "fleet" || field.Chain == PolicyChain.Any || (field.Chain == PolicyChain.Routing) == (scope == "deployment/a");
        return !belongs || (field.IsNumber && !((double)pair.Value! >= field.Minimum && (double)pair.Value! <= field.Maximum));
    }) || Weights.All(weight => node[weight] is { } value && (double)value == 0);

    private static bool Unfit(string scope, JsonObject[] layers)
    {
        var routing = scope is "fleet" or "deployment/a"
            && (Number("ttt_update_frequency", layers) > Number("ttt_chunk_size", layers)
                || (Raw("experiments_allowed", layers) == "false" && (Number("hold_out_share", layers) > 0 || Raw("promotion", layers) == "measured"))
                || Weights.All(weight => Number(weight, layers) == 0));
        var (warm, hot, critical) = (Number("thermal_warm_celsius", layers), Number("thermal_hot_celsius", layers), Number("thermal_critical_celsius", layers));
        var hardware = scope != "deployment/a"
            && (warm >= hot || hot >= critical || Number("thermal_hysteresis_celsius", layers) >= Math.Min(hot - warm, critical - hot)
                || (Raw("power_cap_mode", layers) == "enforce" && Number("power_cap_ratio", layers) == 1));
        return routing || hardware;
    }

    private static Dictionary<string, string> Whole(int kind, DateTimeOffset now, (long, PolicyDocument)[] chain)
    {
        var json = kind == 0
            ? JsonSerializer.SerializeToNode(EffectivePolicy.ResolveAt(now, chain), WireJson.Default.EffectivePolicy)!.AsObject()
            : JsonSerializer.SerializeToNode(HardwarePolicy.ResolveAt(now, chain), WireJson.Default.HardwarePolicy)!.AsObject();
        Assert.Equal(chain.Max(one => one.Item1), (long)json["version"]!);
        return PolicyCatalogue.Fields.Where(field => json[Name(field.Name)] is not null).ToDictionary(field => field.Name, field =>
        {
            var text = json[Name(field.Name)]!.ToString();
            return !field.IsNumber ? text : Text(TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) && text.Contains(':', StringComparison.Ordinal) ? span.TotalSeconds : double.Parse(text, CultureInfo.InvariantCulture));
        });

        static string Name(string field) => field is "hold_out_block_seconds" or "epoch_lifetime_seconds" ? field[..^"_seconds".Length] : field;
    }

    private static string Text(double value) => value.ToString("G7", CultureInfo.InvariantCulture);

    // The generator: mostly legal values, now and then one that is not, or a field of the other chain.
    private static JsonObject Document(Random random, string scope, bool nested)
    {
        var node = new JsonObject();
        foreach (var field in PolicyCatalogue.Fields.Where(field => random.NextDouble() < 0.2 && (field.MayBeSetIn(scope) || random.NextDouble() < 0.002) && !(nested && field.Name == "approval" && random.NextDouble() < 0.98)))
        {
            if (field.Name == "schedules")
            {
                if (!nested)
                {
                    node["schedules"] = new JsonArray([.. Enumerable.Range(0, random.Next(0, 3)).Select(i => (JsonNode)Window(random, scope, i))]);
                }
            }
            else if (field.IsNumber)
            {
                node[field.Name] = Value(random, field);
            }
            else
            {
                var word = field.Choices[random.Next(field.Choices.Length)];
                node[field.Name] = word is "true" or "false" ? JsonValue.Create(word == "true") : JsonValue.Create(word);
            }
        }

        return node;
    }

    private static JsonObject Window(Random random, string scope, int i)
    {
        var set = Document(random, scope, nested: true);
        if (set.Count == 0)
        {
            set[scope.StartsWith("deployment", StringComparison.Ordinal) ? "target_latency_ms" : "thermal_dwell_seconds"] = 12;
        }

        return new()
        {
            ["name"] = "window " + i, ["cron"] = $"{random.Next(60)} {random.Next(24)} * * *", ["time_zone"] = "UTC", ["duration_minutes"] = random.Next(1, 1500), ["set"] = set,
        };
    }

    private static JsonValue Value(Random random, PolicyField field)
    {
        var (low, high) = (field.Minimum!.Value, field.Maximum!.Value);
        var typical = double.Parse(field.Default, CultureInfo.InvariantCulture);
        var value = random.Next(100) switch
        {
            0 => high + 1,
            1 => low - 1,
            < 10 => low,
            < 15 => high,
            _ => Math.Clamp(typical * (0.7 + (0.6 * random.NextDouble())), low, high),
        };
        return field.IsWhole ? JsonValue.Create((int)value) : JsonValue.Create(Math.Round(value, 6));
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Xunit;
using Xunit.Abstractions;

namespace EnergyTTT.Silo.Tests.Walks;

/// <summary>
/// ASVS 2.2.1, 2.2.2, 16.5.1-3: whatever comes as whichever role, no call ends in a failure of the server. A fixed seed; <c>ENERGYTTT_FUZZ_SECONDS</c>
/// makes it longer, <c>ENERGYTTT_FUZZ_SEED</c> another one.
/// </summary>
[Collection(AccessCollection.Name)]
public sealed class ApiFuzzTests(AccessHost host, ITestOutputHelper output)
{
    private static readonly string[] Roles = ["none", "viewer", "operator", "bound", "administrator", "agent", "engine"];

    private static readonly string[] Texts =
    [
        "", " ", "0", "-1", "1e309", "NaN", "null", "true", "9223372036854775808", "%00", "\0", "../../etc/passwd", "'; drop table access.person; --", "<script>alert(1)</script>", "\u202e", "😀", "a'b\"c",
        "fleet", "deployment/walk", "walk", "00000000-0000-0000-0000-000000000001", "GPU-walk", "now-1h", "now", "9999-12-31T23:59:59Z", "0001-01-01", "*", "%", "person/*", "power_average_watts", "csv", "json", "parquet", "oldest",
    ];

    private static readonly string[] Parameters =
    [
        "cursor", "limit", "order", "actor", "action", "subject", "from", "to", "metric", "gpu", "host", "rack", "site", "step", "aggregate", "q", "columns", "ids", "format", "scope", "after", "wait", "before", "left", "right", "row", "chunk", "replica", "hours",
    ];

    private static readonly string[] Bodies = ["", "{}", "[]", "null", "0", "\"x\"", "{", "{\"a\":", "[[[[[[[[[[[[[[[[", "\u0000", "{\"role\":{}}", "{\"document\":null,\"reason\":null}", "{\"document\":{\"mode\":7},\"reason\":1}", "{\"snapshot\":-1}"];
    private static readonly string[] Types = ["application/json", "text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", "x"];

    [Fact]
    public async Task No_call_of_any_role_ends_in_a_failure_of_the_server()
    {
        var seconds = double.Parse(Environment.GetEnvironmentVariable("ENERGYTTT_FUZZ_SECONDS") ?? "20", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("ENERGYTTT_FUZZ_SEED") ?? "20261123", CultureInfo.InvariantCulture);
        var rows = EndpointTable.Rows.ToList();
        var random = new Random(seed);
        var clients = new List<HttpClient>();
        foreach (var role in Roles)
        {
            clients.Add(await host.Key(role));
        }

        List<string> failures = [];
        var statuses = new SortedDictionary<int, int>();
        var clock = Stopwatch.StartNew();
        var count = 0;
        for (; clock.Elapsed.TotalSeconds < seconds; count++)
        {
            var (name, row) = rows[random.Next(rows.Count)];
            var role = random.Next(Roles.Length);
            using var request = Make(name, row.Address, row.Body, random);
            var what = $"{Roles[role]} {request.Method} {request.RequestUri} {(request.Content is null ? "" : await request.Content.ReadAsStringAsync())}";
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(25));
            try
            {
                using var answer = await clients[role].SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
                var status = (int)answer.StatusCode;
                statuses[status] = statuses.GetValueOrDefault(status) + 1;
                if (status >= 500)
                {
                    failures.Add($"{status} {what} {await answer.Content.ReadAsStringAsync()}");
                }

                if (status == 429)
                {
                    await Task.Delay(200);
                }
            }
            catch (OperationCanceledException)
            {
                failures.Add("no answer within 25 s: " + what);
            }
        }

        output.WriteLine($"{count} calls, seed {seed}: {string.Join(", ", statuses.Select(status => $"{status.Key} x {status.Value}"))}");
        Assert.True(count > 300, $"only {count} calls were made");
        Assert.True(statuses.ContainsKey(200) && statuses.ContainsKey(403) && statuses.ContainsKey((int)HttpStatusCode.BadRequest), "the calls reached too little");
        Assert.True(failures.Count == 0, string.Join("\n", failures.Take(10)));
    }

    private static HttpRequestMessage Make(string name, string address, string? body, Random random)
    {
        var path = new StringBuilder(address);
        if (random.Next(3) == 0)
        {
            // Another text in place of a part of the path.
            var parts = address.Split('?')[0].Split('/');
            parts[random.Next(2, Math.Max(3, parts.Length)) % parts.Length] = Uri.EscapeDataString(Texts[random.Next(Texts.Length)]);
            path = new StringBuilder(string.Join('/', parts));
        }

        for (var extra = random.Next(4); extra > 0; extra--)
        {
            path.Append(path.ToString().Contains('?', StringComparison.Ordinal) ? '&' : '?').Append(Parameters[random.Next(Parameters.Length)]).Append('=').Append(Uri.EscapeDataString(Texts[random.Next(Texts.Length)]));
        }

        var method = random.Next(12) == 0 ? new[] { "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS" }[random.Next(7)] : name[..name.IndexOf(' ', StringComparison.Ordinal)];
        var text = path.ToString();
        var request = new HttpRequestMessage(new HttpMethod(method), text.StartsWith('/') ? text : "/" + text);
        if (method is not ("GET" or "HEAD" or "OPTIONS"))
        {
            request.Content = new StringContent(random.Next(3) == 0 && body is not null ? Mutate(body, random) : Bodies[random.Next(Bodies.Length)], Encoding.UTF8);
            request.Content.Headers.Remove("Content-Type");
            request.Content.Headers.TryAddWithoutValidation("Content-Type", random.Next(4) == 0 ? Types[random.Next(Types.Length)] : "application/json");
        }

        if (random.Next(3) == 0)
        {
            request.Headers.TryAddWithoutValidation("If-Match", new string([.. Texts[random.Next(Texts.Length)].Where(char.IsAscii).Where(letter => !char.IsControl(letter))]));
        }

        if (random.Next(6) == 0)
        {
            request.Headers.TryAddWithoutValidation("Accept", new[] { "text/csv", "application/vnd.apache.parquet", "text/html", "x/y", "application/vnd.energyttt.columns" }[random.Next(5)]);
        }

        return request;
    }

    private static string Mutate(string text, Random random)
    {
        if (text.Length == 0)
        {
            return "}";
        }

        var at = random.Next(text.Length);
        return random.Next(3) switch
        {
            0 => text[..at],
            1 => text[..at] + Texts[random.Next(Texts.Length)] + text[at..],
            _ => text[..at] + text[Math.Min(text.Length, at + 3)..],
        };
    }
}

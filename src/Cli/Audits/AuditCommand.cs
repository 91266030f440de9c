using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;
using EnergyTTT.History.Audits;

namespace EnergyTTT.Cli.Audits;

/// <summary><c>energyttt audit verify</c>: follows the chain of the audit log, computing every hash again on this side.</summary>
internal static class AuditCommand
{
    private const int PageSize = 1_000;

    public static Command Create() => new("audit", "The append-only log of who changed what.") { Verify() };

    private static Command Verify()
    {
        var options = new ServerOptions();
        var local = new Option<bool>("--local") { Description = "Read through the data folder of this machine, without a server or a sign-in." };
        var head = new Option<string?>("--head") { Description = "NUMBER:SHA256 as an earlier verification printed: finds out whether the end of the log was cut off." };
        head.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && Parse(text) is null)
            {
                result.AddError($"--head is '{text}'; NUMBER:SHA256 with 64 hexadecimal digits expected, as an earlier verification printed.");
            }
        });
        var command = options.AddTo(new Command("verify", "Check that no entry was changed, left out or put in between.") { local, head });
        command.SetAction((parse, cancellationToken) => Guarded.Run(async () =>
        {
            var kept = parse.GetValue(head) is { } text ? Parse(text) : null;
            var pages = parse.GetValue(local) ? Local(cancellationToken) : Remote(options, parse, cancellationToken);
            var (chain, fault) = await Follow(pages, kept, cancellationToken);
            if (chain is null)
            {
                return 1;
            }

            Console.WriteLine(parse.GetValue(options.Json)
                ? new JsonObject { ["whole"] = fault is null, ["entries"] = chain.Entries, ["head"] = Head(chain), ["fault"] = fault }.ToJsonString()
                : fault ?? string.Create(CultureInfo.InvariantCulture, $"{chain.Entries} entries, all whole. Keep this elsewhere for --head: {Head(chain)}"));
            return fault is null ? 0 : 1;
        }));
        return command;
    }

    private static string Head(AuditChain chain) => string.Create(CultureInfo.InvariantCulture, $"{chain.Entries}:{chain.Head}");

    private static (long Number, string Hash)? Parse(string text) =>
        text.Split(':') is [var number, { Length: 64 } hash] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && hash.All(char.IsAsciiHexDigitLower)
            ? (at, hash)
            : null;

    /// <summary>The chain as far as it holds, and what is wrong; no chain when the log could not be read.</summary>
    private static async Task<(AuditChain? Chain, string? Fault)> Follow(IAsyncEnumerable<IReadOnlyList<AuditEntry>?> pages, (long Number, string Hash)? kept, CancellationToken cancellationToken)
    {
        var chain = new AuditChain();
        var seen = kept is not { } wanted || wanted == (0, chain.Head);
        await foreach (var page in pages.WithCancellation(cancellationToken))
        {
            if (page is null)
            {
                return (null, null);
            }

            foreach (var entry in page)
            {
                if (!chain.Follow(entry))
                {
                    return (chain, chain.Fault);
                }

                seen |= kept is { } mark && mark == (chain.Entries, chain.Head);
            }
        }

        return (chain, seen ? null : string.Create(CultureInfo.InvariantCulture, $"The log does not hold entry {kept?.Number} with the hash that was kept: it was cut off or written anew."));
    }

    private static async IAsyncEnumerable<IReadOnlyList<AuditEntry>?> Local([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var database = await LocalDatabase.Open(cancellationToken);
        var log = new AuditLog(database.Source, TimeProvider.System);
        var after = 0L;
        while (await log.Read(new AuditFilter(), after, oldestFirst: true, PageSize, cancellationToken) is { Count: > 0 } page)
        {
            yield return page;
            after = page[^1].Number;
        }
    }

    private static async IAsyncEnumerable<IReadOnlyList<AuditEntry>?> Remote(
        ServerOptions options, ParseResult parse, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var client = options.Open(parse);
        for (var cursor = ""; cursor is not null;)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"/v1/audit?order=oldest&limit={PageSize}{(cursor.Length > 0 ? "&cursor=" + cursor : "")}"));
            var answer = await ServerAnswer.Ask(client, request, cancellationToken);
            yield return answer?["entries"]?.AsArray().Select(Read).ToList();
            cursor = (string?)answer?["cursor"];
        }
    }

    private static AuditEntry Read(JsonNode? node) => new(
        (long?)node?["number"] ?? 0,
        (DateTimeOffset?)node?["time"] ?? default,
        (string?)node?["actor"] ?? "",
        (string?)node?["action"] ?? "",
        (string?)node?["subject"] ?? "",
        (string?)node?["detail"] ?? "",
        Convert.FromHexString((string?)node?["previous_sha256"] ?? ""),
        Convert.FromHexString((string?)node?["sha256"] ?? ""));
}

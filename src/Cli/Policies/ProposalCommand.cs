using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;

namespace EnergyTTT.Cli.Policies;

/// <summary><c>energyttt policy proposals|proposal|approve|reject|withdraw</c>: changes that wait for a second person.</summary>
internal static class ProposalCommand
{
    private const string Path = "/v1/policies/proposals";

    /// <summary>All of them, to stand beside the other commands of policies.</summary>
    public static IEnumerable<Command> Create() =>
    [
        List(), Show(),
        Decide(ProposalVerdict.Approve, "Let a proposal of another person take effect."), Decide(ProposalVerdict.Reject, "Say no to a proposal of another person.", needsReason: true), Decide(ProposalVerdict.Withdraw, "Take back a proposal of your own."),
    ];

    private static Argument<long> Id() => new("id") { Description = "The number of the proposal." };

    private static Command List()
    {
        var options = new ServerOptions();
        var scope = new Option<string?>("--scope", "-s") { Description = "Only those of one scope." };
        var all = new Option<bool>("--all") { Description = "Those that were decided or have expired too." };
        var command = options.AddTo(new Command("proposals", "Changes that wait for a second person, newest first.") { scope, all });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            var path = (parse.GetValue(scope) is { } name ? PolicyServer.PathOf(name) + "/proposals" : Path) + (parse.GetValue(all) ? "" : "?pending=true");
            if (await new PolicyServer(client).Ask(HttpMethod.Get, path, cancellationToken) is not { } page)
            {
                return 1;
            }

            return PolicyOutput.Print(parse.GetValue(options.Json), page, () => PolicyOutput.Table(
                ["proposal", "scope", "state", "by", "until", "reason"],
                page["proposals"]!.AsArray().Select(one => new[] { $"{one!["id"]}", $"{one["scope"]}", $"{one["state"]}", $"{one["author"]}", $"{(DateTimeOffset)one["expires_at"]!:u}", $"{one["reason"]}" })));
        });
        return command;
    }

    private static Command Show()
    {
        var (options, id) = (new ServerOptions(), Id());
        var command = options.AddTo(new Command("proposal", "What one would change.") { id });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            var server = new PolicyServer(client);
            if (await Find(server, parse.GetValue(id), cancellationToken) is not { } proposal || await server.Version(proposal.Scope, proposal.BaseVersion, cancellationToken) is not { } start)
            {
                return 1;
            }

            return PolicyOutput.Print(parse.GetValue(options.Json), JsonSerializer.SerializeToNode(proposal, WireJson.Default.PolicyProposal)!, () => // a record is an object
            {
                Console.WriteLine($"Proposal {proposal.Id} of {proposal.Author}, {EnumWords.Of(proposal.State)}: {proposal.Reason}");
                PolicyOutput.Changes(PolicyFieldChange.Between(start.Document, proposal.Document), string.Create(CultureInfo.InvariantCulture, $"{proposal.Scope}, version {start.Version}"), "the proposal");
                if (proposal.Rollout is { } rollout)
                {
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"It is to be tried on {100 * (rollout.Share ?? 0.05):0.##} % of the routers first."));
                }
            });
        });
        return command;
    }

    private static Command Decide(ProposalVerdict verdict, string description, bool needsReason = false)
    {
        var (options, id) = (new ServerOptions(), Id());
        var reason = new Option<string?>("--reason", "-r") { Description = needsReason ? "Why; required." : "Why.", Required = needsReason };
        var command = options.AddTo(new Command(EnumWords.Of(verdict), description) { id, reason });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            var server = new PolicyServer(client);
            if (await Find(server, parse.GetValue(id), cancellationToken) is not { } found)
            {
                return 1;
            }

            var path = string.Create(CultureInfo.InvariantCulture, $"{PolicyServer.PathOf(found.Scope)}/proposals/{found.Id}/{EnumWords.Of(verdict)}");
            return await server.Ask(HttpMethod.Post, path, cancellationToken, JsonSerializer.SerializeToNode(new ProposalOrder(parse.GetValue(reason)), WireJson.Default.ProposalOrder)) is not { } answer ? 1
                : PolicyOutput.Print(parse.GetValue(options.Json), answer, () => Console.WriteLine(
                    $"Proposal {answer["id"]} is {answer["state"]}{(answer["version"] is { } version ? $": version {version} of {answer["scope"]} {(answer["rollout"] is null ? "is in force" : "is tried")}" : "")}."));
        });
        return command;
    }

    // The number says the scope: who approves need not.
    private static async Task<PolicyProposal?> Find(PolicyServer server, long id, CancellationToken cancellationToken)
    {
        if (await server.Ask(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{Path}?before={id + 1}&limit=1"), cancellationToken) is not { } page)
        {
            return null;
        }

        if (page["proposals"]!.AsArray().FirstOrDefault()?.Deserialize(WireJson.Default.PolicyProposal) is { } found && found.Id == id)
        {
            return found;
        }

        await Console.Error.WriteLineAsync($"There is no proposal {id}; 'energyttt policy proposals --all' shows them.");
        return null;
    }
}

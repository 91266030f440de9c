using System.Globalization;
using System.Text.Json;
using EnergyTTT.History.Audits;
using EnergyTTT.Portal.Audits;
using EnergyTTT.Portal.Ranges;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Audits;

/// <summary>The audit log, for administrators: filtered by the address, followed live, with the state of its chain and a permanent address per entry.</summary>
public partial class AuditPage
{
    private const int Shown = 100;
    private static readonly string[] Filters = ["actor", "action", "subject", "since", "until", "before"];

    private static readonly string[] Actions =
    [
        "key.*", "key.create", "key.revoke", "person.*", "person.sign_in", "person.sign_in.failed", "person.create", "person.role.give", "person.disable", "person.session.end", "policy.*", "policy.save",
    ];

    /// <summary>The log.</summary>
    [Inject] public required AuditLog Log { get; set; }

    /// <summary>Whether it holds.</summary>
    [Inject] public required AuditWatch Watch { get; set; }

    [CascadingParameter(Name = BrowserZone.Name)] private string? Browser { get; set; }

    private bool HasFilter => Filters.Any(name => State[name] is not null);

    /// <inheritdoc/>
    protected override async Task<AuditScreen?> Ask(CancellationToken cancellationToken)
    {
        var question = AuditQuestion.Of(State, Clock.GetUtcNow(), State.ZoneInfo(Browser));
        var entries = await Log.Read(question.Filter, question.Before, oldestFirst: false, Shown + 1, cancellationToken);
        AuditEntry? chosen = null;
        if (long.TryParse(State["entry"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
        {
            chosen = (await Log.Read(new AuditFilter(), number - 1, oldestFirst: true, 1, cancellationToken)) is [var found] && found.Number == number ? found : null;
        }

        return new(question, [.. entries.Take(Shown)], entries.Count > Shown ? entries[Shown - 1].Number : null, chosen, await Watch.Look(cancellationToken));
    }
}

/// <summary>What the page shows.</summary>
/// <param name="Question">What was asked.</param>
/// <param name="Entries">Newest first.</param>
/// <param name="Older">Where older entries begin; null: there are none.</param>
/// <param name="Chosen">The entry of the address; null: none, or there is no such one.</param>
/// <param name="Verdict">Whether the chain holds.</param>
public sealed record AuditScreen(AuditQuestion Question, IReadOnlyList<AuditEntry> Entries, long? Older, AuditEntry? Chosen, AuditVerdict Verdict)
{
    /// <summary>The further facts of an entry, empty ones left out; the text itself when somebody has put something else there.</summary>
    public static IReadOnlyList<(string Name, string Value)> Facts(string detail)
    {
        try
        {
            using var json = JsonDocument.Parse(detail);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? [.. json.RootElement.EnumerateObject().Where(fact => fact.Value.ToString().Length > 0).Select(fact => (fact.Name, fact.Value.ToString()))]
                : [("detail", detail)];
        }
        catch (JsonException)
        {
            return [("detail", detail)];
        }
    }
}

using System.Text.Json.Serialization;
using EnergyTTT.History.Alerts;
using EnergyTTT.History.Annotations;
using EnergyTTT.Wire.Alerts;

namespace EnergyTTT.Silo.Alerts;

/// <summary>Things that are not normal, the worst first.</summary>
/// <param name="EvaluatedAt">When the last look was finished.</param>
/// <param name="Counts">All things by state, those that are normal among them.</param>
/// <param name="Alerts">What fits the question.</param>
public sealed record AlertList(DateTimeOffset? EvaluatedAt, IReadOnlyDictionary<string, int> Counts, IReadOnlyList<AlertInstance> Alerts);

/// <summary>Something that a rule can watch.</summary>
/// <param name="Per">One state per what is possible.</param>
/// <param name="Recorded">Whether its past is recorded, so that a rule can be tried on it.</param>
public sealed record AlertSignalView(string Name, string Unit, string Description, IReadOnlyList<AlertPer> Per, bool Recorded)
{
    internal static AlertSignalView Of(AlertSignal signal) => new(signal.Name, signal.Unit, signal.Description, signal.Per, signal.IsRecorded);
}

/// <summary>Versions of a rule, newest first; one without a rule says that it was deleted.</summary>
public sealed record AlertVersionPage(IReadOnlyList<AlertRuleVersion> Versions);

/// <summary>Changes of states, newest first.</summary>
/// <param name="Cursor">Where older ones begin; null: there are none.</param>
public sealed record AlertHistoryPage(IReadOnlyList<AlertTransition> Transitions, string? Cursor);

/// <summary>Messages with what became of them, newest first.</summary>
public sealed record AlertDeliveryPage(IReadOnlyList<AlertDelivery> Deliveries);

/// <summary>What was made.</summary>
/// <param name="Id">The silence or message.</param>
/// <param name="Secret">The secret that signs a new webhook; shown this once.</param>
public sealed record AlertMade(Guid? Id = null, string? Secret = null);

/// <summary>What happened in a range, oldest first.</summary>
/// <param name="More">Whether there were more than are shown.</param>
public sealed record AnnotationPage(IReadOnlyList<Annotation> Annotations, bool More);

/// <summary>Source-generated JSON of alerts as people read them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AlertList))]
[JsonSerializable(typeof(IReadOnlyList<AlertSignalView>))]
[JsonSerializable(typeof(IReadOnlyList<AlertRuleView>))]
[JsonSerializable(typeof(IReadOnlyList<AlertInstance>))]
[JsonSerializable(typeof(AlertVersionPage))]
[JsonSerializable(typeof(AlertHistoryPage))]
[JsonSerializable(typeof(AlertDeliveryPage))]
[JsonSerializable(typeof(IReadOnlyList<AlertSilence>))]
[JsonSerializable(typeof(IReadOnlyList<MaintenanceWindow>))]
[JsonSerializable(typeof(IReadOnlyList<ContactPointView>))]
[JsonSerializable(typeof(AlertMade))]
[JsonSerializable(typeof(AnnotationPage))]
internal sealed partial class AlertJson : JsonSerializerContext;

using System.Collections.Immutable;
using EnergyTTT.Routing.Learning;

namespace EnergyTTT.Grains.Routers;

/// <summary>The numbers of a learner under the names of its specification, for people and exports. What is not known is left out.</summary>
internal static class LearnerNumbers
{
    public static ImmutableSortedDictionary<string, double> Of(LearnerStatistics statistics)
    {
        var numbers = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        Add("tokens_seen", statistics.TokensSeen);
        Add("windows", statistics.Windows);
        Add("gamma", statistics.Gamma);
        Add("lambda", statistics.Lambda);
        Add("eta", statistics.Eta);
        Add("spread", statistics.Spread);
        Add("indifference", statistics.Indifference);
        Add("validity", statistics.Validity);
        Add("urgency", statistics.Urgency);
        Add("rollbacks", statistics.Rollbacks);
        Add("own_joules", statistics.OwnJoules);
        Add("saved_joules", statistics.SavedJoules);
        Add("update_ms", statistics.UpdateMilliseconds);
        Add("loss_at_rest", statistics.LossAtRest.Total);
        Add("loss", statistics.Loss.Total);
        Add("saw_gates", statistics.SawGates ? 1 : 0);
        return numbers.ToImmutable();

        void Add(string name, double? value)
        {
            if (value is { } known && double.IsFinite(known))
            {
                numbers[name] = known;
            }
        }
    }
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EnergyTTT.Wire.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace EnergyTTT.Contracts;

/// <summary>Lets the records of the Wire room travel between silos as their own JSON: they know nothing of Orleans.</summary>
public static class WireSerialisation
{
    /// <summary>Adds the serialiser for messages of steering, policies and runs. Needed by every silo and every client of one.</summary>
    public static IServiceCollection AddWireSerialisation(this IServiceCollection services) =>
        services.AddSerializer(builder => builder.AddJsonSerializer(
            type => type.Namespace is "EnergyTTT.Wire.Deployments" or "EnergyTTT.Wire.Policies" or "EnergyTTT.Wire.Rollouts" or "EnergyTTT.Wire.Proposals" or "EnergyTTT.Wire.Backtests" or "EnergyTTT.Wire.Runs",
            // Generated metadata would set what a message of another version lacks to zero instead of to the record's own default.
            new JsonSerializerOptions(WireJson.Default.Options) { TypeInfoResolver = new DefaultJsonTypeInfoResolver(), PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }));
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EnergyTTT.Wire.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace EnergyTTT.Contracts;

/// <summary>Lets the records of the Wire room travel between silos as their own JSON: they know nothing of Orleans.</summary>
public static class WireSerialisation
{
    // A database that is away must look the same to a caller on another silo: without this, all that arrives there is that the error could not be told.
    private static readonly string[] ErrorsThatTravel = ["Npgsql", "EnergyTTT"];

    /// <summary>Adds the serialiser for messages of steering, policies and runs, and for errors. Needed by every silo and every client of one.</summary>
    public static IServiceCollection AddWireSerialisation(this IServiceCollection services) => services
        .Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.UnionWith(ErrorsThatTravel))
        .AddSerializer(builder => builder.AddJsonSerializer(
            type => type.Namespace is "EnergyTTT.Wire.Alerts" or "EnergyTTT.Wire.Deployments" or "EnergyTTT.Wire.Policies" or "EnergyTTT.Wire.Rollouts" or "EnergyTTT.Wire.Proposals" or "EnergyTTT.Wire.Backtests" or "EnergyTTT.Wire.Runs",
            // Generated metadata would set what a message of another version lacks to zero instead of to the record's own default.
            new JsonSerializerOptions(WireJson.Default.Options) { TypeInfoResolver = new DefaultJsonTypeInfoResolver(), PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }));
}

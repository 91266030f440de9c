using System.Reflection;
using System.Text.Json.Serialization;
using EnergyTTT.Contracts;
using EnergyTTT.Grains;
using EnergyTTT.Wire.Json;
using Orleans.Concurrency;

namespace EnergyTTT.Faults.Contracts;

/// <summary>
/// Everything that two versions must agree on while they run side by side, as sorted lines of text: grain interfaces and their methods, records that silos
/// exchange or keep by alias and member number, messages that travel as JSON, names of kept states. <c>OrleansContracts.txt</c> is the checked-in copy.
/// </summary>
internal static class ContractManifest
{
    private static readonly Assembly[] Rooms = [typeof(WireSerialisation).Assembly, typeof(GrainsRegistration).Assembly];
    private static readonly string[] JsonNamespaces = ["Deployments", "Policies", "Rollouts", "Proposals", "Backtests", "Runs"];

    /// <summary>The manifest of the programs built with the tests.</summary>
    public static IReadOnlyList<string> Read() =>
    [
        .. Rooms.SelectMany(room => room.GetTypes()).SelectMany(LinesOf)
            .Concat(typeof(WireJson).Assembly.GetTypes().Where(TravelsAsJson).SelectMany(JsonLines))
            .Distinct().Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> LinesOf(Type type)
    {
        if (type.IsInterface && typeof(IAddressable).IsAssignableFrom(type) && type.GetCustomAttribute<GrainInterfaceTypeAttribute>() is { } identity)
        {
            foreach (var method in type.GetMethods().Where(method => method.IsAbstract))
            {
                var how = string.Concat(method.GetCustomAttributes().Select(attribute => attribute switch { OneWayAttribute => " one-way", _ => "" }));
                yield return $"grain {identity.GetGrainInterfaceType(null!, type)} method {method.GetCustomAttribute<AliasAttribute>()?.Alias ?? method.Name}"
                    + $"({string.Join(", ", method.GetParameters().Where(parameter => parameter.ParameterType != typeof(CancellationToken)).Select(parameter => Name(parameter.ParameterType)))}) -> {Name(method.ReturnType)}{how}";
            }
        }

        if (type is { IsInterface: false } && type.GetCustomAttribute<GenerateSerializerAttribute>() is not null)
        {
            var name = type.GetCustomAttribute<AliasAttribute>()?.Alias ?? Name(type);
            yield return $"record {name}";
            foreach (var line in Members(type).Select(member => $"record {name} member {member.Id}: {member.Type}"))
            {
                yield return line;
            }

            foreach (var line in type.IsEnum ? Enum.GetNames(type).Select(value => $"record {name} value {value} = {Convert.ToInt64(Enum.Parse(type, value), System.Globalization.CultureInfo.InvariantCulture)}") : [])
            {
                yield return line;
            }
        }

        foreach (var state in type.GetConstructors().SelectMany(constructor => constructor.GetParameters()))
        {
            if (state.GetCustomAttribute<PersistentStateAttribute>() is { } kept)
            {
                yield return $"state {kept.StateName} of {type.GetCustomAttribute<GrainTypeAttribute>()?.GetGrainType(null!, type).ToString() ?? Name(type)}: {Name(state.ParameterType.GetGenericArguments()[0])}";
            }
        }
    }

    private static IEnumerable<(uint Id, string Type)> Members(Type type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        foreach (var member in type.GetMembers(Own))
        {
            if (member.GetCustomAttribute<IdAttribute>() is { } id)
            {
                yield return (id.Id, Name(member is PropertyInfo property ? property.PropertyType : ((FieldInfo)member).FieldType));
            }
        }
    }

    private static bool TravelsAsJson(Type type) =>
        type is { IsPublic: true, IsInterface: false } && !(type.IsAbstract && type.IsSealed) && JsonNamespaces.Any(noun => type.Namespace == "EnergyTTT.Wire." + noun)
        && !typeof(Exception).IsAssignableFrom(type) && !typeof(Delegate).IsAssignableFrom(type) && !typeof(JsonConverter).IsAssignableFrom(type);

    private static IEnumerable<string> JsonLines(Type type) => type.IsEnum
        ? Enum.GetNames(type).Select(value => $"json {Name(type)} value {value}")
        : type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always } && property.GetIndexParameters().Length == 0 && property.Name != "EqualityContract")
            .Select(property => $"json {Name(type)} member {property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? property.Name}: {JsonName(property.PropertyType)}");

    // A word on the wire is a word, whether the program has a text or an enum for it.
    private static string JsonName(Type type) => (Nullable.GetUnderlyingType(type) ?? type).IsEnum ? nameof(String) : Name(type);

    private static string Name(Type type)
    {
        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]"; // an array has one
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Name(value) + "?";
        }

        if (!type.IsGenericType)
        {
            return type.IsGenericParameter ? type.Name : type.GetCustomAttribute<AliasAttribute>()?.Alias ?? (type.Namespace?.StartsWith("EnergyTTT", StringComparison.Ordinal) == true ? type.FullName!.Replace("EnergyTTT.", "", StringComparison.Ordinal) : type.Name); // has a name
        }

        return $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}

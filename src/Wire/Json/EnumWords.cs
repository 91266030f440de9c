using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Json;

/// <summary>The words that the values of enums have on the wire and in the database, such as <c>rolled_back</c>: those of <see cref="JsonStringEnumMemberNameAttribute"/>.</summary>
public static class EnumWords
{
    private static readonly ConcurrentDictionary<Enum, string> Known = new();

    /// <summary>The word of a value; the number of one that the enum does not define.</summary>
    public static string Of(Enum value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (Known.TryGetValue(value, out var word))
        {
            return word;
        }

        // What is not defined comes from outside and must not fill the memory.
        return value.GetType().GetField(value.ToString()) is { } field ? Known.GetOrAdd(value, field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? field.Name) : value.ToString();
    }

    /// <summary>The value of a word.</summary>
    /// <exception cref="FormatException">It is a word of no value.</exception>
    public static T Read<T>(string word)
        where T : struct, Enum => TryRead<T>(word, out var value) ? value : throw new FormatException($"'{word}' is no {typeof(T).Name}; one of {string.Join(", ", Enum.GetValues<T>().Select(one => Of(one)))} expected.");

    /// <summary>Whether a word is that of a value.</summary>
    public static bool TryRead<T>(string word, out T value)
        where T : struct, Enum
    {
        foreach (var one in Enum.GetValues<T>())
        {
            if (Of(one) == word)
            {
                value = one;
                return true;
            }
        }

        value = default;
        return false;
    }
}

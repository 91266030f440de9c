using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Wire.Policies;

/// <summary>Which scopes may set a field.</summary>
public enum PolicyChain
{
    /// <summary>Fleet, then deployment.</summary>
    Routing = 0,

    /// <summary>Fleet, then site, rack, host.</summary>
    Hardware = 1,

    /// <summary>Every scope.</summary>
    Any = 2,
}

/// <summary>One field of a policy.</summary>
public sealed class PolicyField
{
    private readonly Func<PolicyDocument, object?> _read;

    internal PolicyField(string name, string? unit, string @default, string meaning, Func<PolicyDocument, object?> read, double minimum, double maximum, PolicyChain chain = PolicyChain.Routing)
        : this(name, unit, @default, meaning, read, [], chain) => (Minimum, Maximum) = (minimum, maximum);

    internal PolicyField(string name, string? unit, string @default, string meaning, Func<PolicyDocument, object?> read, ImmutableArray<string> choices, PolicyChain chain = PolicyChain.Routing)
    {
        (Name, Unit, Default, Meaning, Choices, Chain) = (name, unit, @default, meaning, choices, chain);
        _read = read;
    }

    /// <summary>The name on the wire.</summary>
    public string Name { get; }

    /// <summary>The unit in UCUM; null for what has none.</summary>
    public string? Unit { get; }

    /// <summary>What is in effect when no scope sets the field.</summary>
    public string Default { get; }

    /// <summary>One sentence for the person who edits it.</summary>
    public string Meaning { get; }

    /// <summary>The least value; null for what is no number.</summary>
    public double? Minimum { get; }

    /// <summary>The greatest value; null for what is no number.</summary>
    public double? Maximum { get; }

    /// <summary>The allowed words; empty for a number and for windows.</summary>
    public ImmutableArray<string> Choices { get; }

    /// <summary>Which scopes may set it.</summary>
    public PolicyChain Chain { get; }

    /// <summary>Whether its value is a number.</summary>
    public bool IsNumber => Minimum is not null;

    /// <summary>Whether its value is a whole number.</summary>
    public bool IsWhole => Unit is "{token}" or "{expert}";

    /// <summary>Whether a scope may set it.</summary>
    public bool MayBeSetIn(string scope) => Chain == PolicyChain.Any || scope == PolicyScopes.Fleet || Chain == PolicyScopes.ChainOf(scope);

    /// <summary>What a document sets, as an invariant text; null when it inherits the field.</summary>
    public string? Read(PolicyDocument document) => _read(document) switch
    {
        null => null,
        bool value => value ? "true" : "false",
        Enum value => EnumWords.Of(value),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        var value => value.ToString(),
    };

    internal PolicyMistake? Check(PolicyDocument document)
    {
        if (Read(document) is not { } text)
        {
            return null;
        }

        if (!Choices.IsEmpty)
        {
            return Choices.Contains(text) ? null : new(Name, text, string.Join(", ", Choices), $"{Name} is '{text}'; choose one of {string.Join(", ", Choices)}");
        }

        if (!IsNumber)
        {
            return null;
        }

        var value = Convert.ToDouble(_read(document), CultureInfo.InvariantCulture);
        var range = string.Create(CultureInfo.InvariantCulture, $"{Minimum} to {Maximum}");
        return value >= Minimum && value <= Maximum ? null : new(Name, text, range, $"{Name} is {text}; it must lie in {range}{(Unit is null or "1" ? "" : " " + Unit)}");
    }
}

/// <summary>One thing that is wrong with a policy.</summary>
/// <param name="Field">The field.</param>
/// <param name="Value">What was given.</param>
/// <param name="Bound">What is allowed.</param>
/// <param name="Reason">The sentence for a person.</param>
public sealed record PolicyMistake(string Field, string Value, string Bound, string Reason);

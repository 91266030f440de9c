using EnergyTTT.History.Access;

namespace EnergyTTT.Portal.Access;

/// <summary>What became of a wish about a person.</summary>
/// <param name="Code">Why it was refused: <c>user_unknown</c>, <c>user_exists</c>, <c>invalid_user</c>, <c>invalid_role</c>, <c>invalid_scope</c>, <c>last_administrator</c>; null: it was done.</param>
/// <param name="Fault">The same for a person to read; null: it was done.</param>
/// <param name="Person">Whom it was about; null when nobody is known by that name.</param>
/// <param name="Token">The token of an invitation, shown once; null: none was made.</param>
public sealed record PersonDecision(string? Code, string? Fault, Person? Person = null, string? Token = null)
{
    /// <summary>It was done.</summary>
    public static PersonDecision Done(Person person, string? token = null) => new(null, null, person, token);

    /// <summary>It was refused; nothing was changed.</summary>
    public static PersonDecision Refused(string code, string fault) => new(code, fault);
}

/// <summary>What is to become of a person; what is null stays.</summary>
/// <param name="Role">viewer, operator or administrator.</param>
/// <param name="Scopes">Scopes that an operator is bound to; empty: not bound.</param>
/// <param name="Password">A new password.</param>
/// <param name="Disabled">True keeps the person out until it is false again.</param>
public sealed record PersonChange(string? Role = null, IReadOnlyList<string>? Scopes = null, string? Password = null, bool? Disabled = null);

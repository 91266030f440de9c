using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Identity;

namespace EnergyTTT.Portal.Access;

/// <summary>Lets a sign-in whose name nobody has take as long as one with a wrong password, so that time tells no more than words.</summary>
public sealed class SlowAnswers(IPasswordHasher<Person> hasher)
{
    private static readonly Person Nobody = new() { UserName = "nobody" };
    private static string? _hash;

    /// <summary>Spends the time of one comparison.</summary>
    public void Spend(string password) => hasher.VerifyHashedPassword(Nobody, _hash ??= hasher.HashPassword(Nobody, Guid.NewGuid().ToString()), password);
}

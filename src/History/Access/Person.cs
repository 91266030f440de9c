using Microsoft.AspNetCore.Identity;

namespace EnergyTTT.History.Access;

/// <summary>A person who can sign in to the portal; table <c>access.person</c>. Equality is by reference, as Identity expects.</summary>
public sealed class Person : IdentityUser<Guid>
{
    /// <summary>What to call the person on pages; null: the user name.</summary>
    public string? DisplayName { get; set; }

    /// <summary>When the account was made, UTC; set by whoever makes it.</summary>
    public DateTimeOffset Created { get; set; }
}

namespace EnergyTTT.History.Access;

/// <summary>A sign-in of a person, as it is listed.</summary>
/// <param name="Id">32 hexadecimal digits. Lets nobody in: the cookie that names it is sealed.</param>
/// <param name="Method">How: <c>pwd</c>, <c>mfa</c>, <c>passkey</c>, or the name of an identity provider.</param>
/// <param name="Started">When, UTC.</param>
/// <param name="Seen">When the last request came, to about a minute.</param>
/// <param name="Ends">When it ends whatever happens.</param>
/// <param name="Address">Where from; null: not known.</param>
/// <param name="Agent">What the browser called itself; null: nothing.</param>
public sealed record SessionInfo(string Id, string Method, DateTimeOffset Started, DateTimeOffset Seen, DateTimeOffset Ends, string? Address, string? Agent);

/// <summary>What a session's cookie is worth now.</summary>
/// <param name="PersonId">Whose it is.</param>
/// <param name="SecurityStamp">The person's stamp: a cookie with another one is of before a change.</param>
/// <param name="IsLive">Neither ended nor too old, and its person is not disabled.</param>
/// <param name="Seen">When the last request came, to about a minute.</param>
public sealed record SessionState(Guid PersonId, string? SecurityStamp, bool IsLive, DateTimeOffset Seen);

/// <summary>How long a session lasts.</summary>
public sealed class SessionLimits
{
    /// <summary>Time without a request after which it ends; hours:minutes:seconds. ASVS 7.3.1.</summary>
    public TimeSpan Idle { get; set; } = TimeSpan.FromHours(12);

    /// <summary>Time after which it ends whatever happens. ASVS 7.3.2.</summary>
    public TimeSpan Longest { get; set; } = TimeSpan.FromDays(7);
}

using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>
/// One-time links by which a person chooses a password: a new one, or one who lost theirs. A link works once and for
/// <see cref="Lasting"/>; a newer link of the same person ends the older ones. Only hashes are kept.
/// </summary>
public sealed class Invitations(NpgsqlDataSource source, TimeProvider time)
{
    /// <summary>How long a link works.</summary>
    public static readonly TimeSpan Lasting = TimeSpan.FromDays(3);

    private const string Alphabet = "abcdefghijkmnopqrstuvwxyz23456789";
    private const int Length = 32;

    /// <summary>Makes a link's token, 32 characters of 33: about 161 bits. Shown once.</summary>
    public async Task<string> Create(Guid person, string by, CancellationToken cancellationToken)
    {
        var token = RandomNumberGenerator.GetString(Alphabet, Length);
        var now = time.GetUtcNow();
        await InsertInvitation.Execute(source, Hash(token), person, by, now, now + Lasting, cancellationToken);
        return token;
    }

    /// <summary>Whom the token invites; null when it is unknown, used or too old. Which of them is nobody's business.</summary>
    public Task<Guid?> Find(string? token, CancellationToken cancellationToken) =>
        token is { Length: Length } ? ReadInvitation.Execute(source, Hash(token), time.GetUtcNow(), cancellationToken) : Task.FromResult<Guid?>(null);

    /// <summary>Spends the token; null when somebody was faster, or it is worth nothing.</summary>
    public Task<Guid?> Spend(string? token, CancellationToken cancellationToken) =>
        token is { Length: Length } ? SpendInvitation.Execute(source, Hash(token), time.GetUtcNow(), cancellationToken) : Task.FromResult<Guid?>(null);

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

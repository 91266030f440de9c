using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using EnergyTTT.Wire.Access;
using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>
/// The keys of machines, and personal keys. A key is shown once, when it is made; only its SHA-256 is stored. What was read
/// of a key is remembered for <see cref="Remembered"/>, so that a revocation counts everywhere within that time, well under 30 s.
/// </summary>
public sealed class ApiKeys(NpgsqlDataSource source, TimeProvider time)
{
    /// <summary>How long the answer about a key may be old.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan UseStep = TimeSpan.FromMinutes(1);

    // Ids come from outside: a guesser must not fill the memory.
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, Entry> _known = new(StringComparer.Ordinal);

    /// <summary>Makes a key.</summary>
    /// <returns>What is listed of it, and the secret, which is nowhere else.</returns>
    /// <exception cref="ArgumentException">The role is none of <see cref="ApiKeyRoles"/>.</exception>
    /// <exception cref="ApiKeyLimitException">The owner has two live keys.</exception>
    public async Task<(ApiKeyInfo Info, ApiKeySecret Secret)> Create(ApiKeyRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!ApiKeyRoles.All.Contains(request.Role))
        {
            throw new ArgumentException($"'{request.Role}' is no role of a key: {string.Join(", ", ApiKeyRoles.All)} expected.", nameof(request));
        }

        var secret = ApiKeySecret.Create();
        var info = new ApiKeyInfo(
            secret.Id,
            request.Role,
            string.IsNullOrEmpty(request.Owner) ? Actors.KeyPrefix + secret.Id : request.Owner,
            request.Hosts.IsDefault ? [] : request.Hosts,
            request.Deployments.IsDefault ? [] : request.Deployments,
            time.GetUtcNow(),
            request.CreatedBy,
            request.Expires,
            Revoked: null,
            RevokedBy: null);
        return await InsertApiKey.Execute(source, info, secret.Hash(), time, cancellationToken)
            ? (info, secret)
            : throw new ApiKeyLimitException($"'{info.Owner}' has two live keys, the old and the new one of a rotation. Revoke one of them first.");
    }

    /// <summary>
    /// Makes a successor of a key for the same use, and lets the old one end after <paramref name="grace"/>, so that its holder has time to
    /// change over. Null: no such live key.
    /// </summary>
    public async Task<(ApiKeyInfo Info, ApiKeySecret Secret)?> Rotate(string id, TimeSpan grace, string? by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var old = (await List(cancellationToken)).FirstOrDefault(key => key.Id == id && key.Revoked is null && (key.Expires is not { } expires || expires > now));
        if (old is null)
        {
            return null;
        }

        var successor = await Create(new ApiKeyRequest(old.Role, old.Owner, old.Hosts, old.Deployments, by, old.Expires), cancellationToken);
        await ExpireApiKey.Execute(source, id, by, now + grace, time, cancellationToken);
        _known.TryRemove(id, out _);
        return successor;
    }

    /// <summary>All keys, ended ones too, newest first.</summary>
    public Task<ImmutableArray<ApiKeyInfo>> List(CancellationToken cancellationToken) => ReadApiKeys.Execute(source, cancellationToken);

    /// <summary>Ends a key: here at once, in other processes within <see cref="Remembered"/>.</summary>
    /// <returns>False: no such key.</returns>
    public async Task<bool> Revoke(string id, string? by, CancellationToken cancellationToken)
    {
        var found = await RevokeApiKey.Execute(source, id, by, time, cancellationToken);
        _known.TryRemove(id, out _);
        return found;
    }

    /// <summary>What the presented text may do; null when it is no key, unknown, wrong, expired or revoked. The difference is nobody's business.</summary>
    public async ValueTask<ApiKeyGrant?> Verify(string? presented, CancellationToken cancellationToken)
    {
        if (!ApiKeySecret.TryParse(presented, out var secret))
        {
            return null;
        }

        var row = await Recall(secret.Id, cancellationToken);
        var hash = secret.Hash();

        // An unknown id costs the same comparison as a wrong secret.
        var right = CryptographicOperations.FixedTimeEquals(hash, row?.Hash ?? new byte[32]);
        var now = time.GetUtcNow();
        if (!right || row is not { Revoked: false } || row.Expires <= now)
        {
            return null;
        }

        await NoteUse(secret.Id, row, now, cancellationToken);
        return row.Grant;
    }

    private async ValueTask NoteUse(string id, ReadApiKey.Row row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (row.LastUsed is { } last && now - last < UseStep)
        {
            return;
        }

        // Remembered first: of many requests at once, one writes.
        if (_known.TryGetValue(id, out var entry) && ReferenceEquals(entry.Row, row) && _known.TryUpdate(id, entry with { Row = row with { LastUsed = now } }, entry))
        {
            await TouchApiKey.Execute(source, id, now, cancellationToken);
        }
    }

    private async ValueTask<ReadApiKey.Row?> Recall(string id, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(id, out var entry) && time.GetElapsedTime(entry.Read) < Remembered)
        {
            return entry.Row;
        }

        // Taken before the read: the memory must not outlast the moment that it is of.
        var read = time.GetTimestamp();
        var row = await ReadApiKey.Execute(source, id, cancellationToken);
        if (_known.Count >= MostRemembered)
        {
            _known.Clear();
        }

        _known[id] = new Entry(row, read);
        return row;
    }

    private sealed record Entry(ReadApiKey.Row? Row, long Read);
}

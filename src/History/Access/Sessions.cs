using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Access;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>
/// The sign-ins of people. A cookie names one and is worth what it says. What was read of a session is remembered for
/// <see cref="Remembered"/>, so an end counts in every process within that time.
/// </summary>
public sealed class Sessions(NpgsqlDataSource source, AuditLog audit, TimeProvider time, IOptions<SessionLimits> options)
{
    /// <summary>How long the answer about a session may be old.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan SeenStep = TimeSpan.FromMinutes(1);
    private const int MostRemembered = 10_000;
    private const int LongestAgent = 300;

    private readonly ConcurrentDictionary<string, (SessionState? State, long Read)> _known = new(StringComparer.Ordinal);

    /// <summary>Begins a session under a new name of 128 random bits.</summary>
    public async Task<string> Start(Guid person, string method, string? address, string? agent, CancellationToken cancellationToken)
    {
        var id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var now = time.GetUtcNow();
        await InsertSession.Execute(source, id, person, method, now, now + options.Value.Longest, address, agent is { Length: > LongestAgent } ? agent[..LongestAgent] : agent, cancellationToken);
        return id;
    }

    /// <summary>What a session is worth, at most <see cref="Remembered"/> ago; null: there is no such session.</summary>
    /// <param name="isUse">Whether a person's request asks, which keeps the session from growing idle.</param>
    public async ValueTask<SessionState?> Find(string id, bool isUse, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(id, out var known) && time.GetElapsedTime(known.Read) < Remembered)
        {
            return known.State;
        }

        return await FindNow(id, isUse, cancellationToken);
    }

    /// <summary>What a session is worth now.</summary>
    public async Task<SessionState?> FindNow(string id, bool isUse, CancellationToken cancellationToken)
    {
        // Taken before the read: the memory must not outlast the moment that it is of.
        var read = time.GetTimestamp();
        var now = time.GetUtcNow();
        var state = await ReadSession.Execute(source, id, now, now - options.Value.Idle, cancellationToken);
        if (isUse && state is { IsLive: true } && now - state.Seen > SeenStep)
        {
            await TouchSession.Execute(source, id, now, cancellationToken);
        }

        if (_known.Count >= MostRemembered)
        {
            _known.Clear();
        }

        _known[id] = (state, read);
        return state;
    }

    /// <summary>The live sessions of a person, newest first.</summary>
    public Task<ImmutableArray<SessionInfo>> List(Guid person, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return ReadSessions.Execute(source, person, now, now - options.Value.Idle, cancellationToken);
    }

    /// <summary>All people with what administrators want to know of them, by user name.</summary>
    public Task<ImmutableArray<PersonInfo>> People(CancellationToken cancellationToken) => ReadPeople.Execute(source, time.GetUtcNow(), options.Value.Idle, cancellationToken);

    /// <summary>Ends one session of a person: here at once, in other processes within <see cref="Remembered"/>. False: it is none of that person's, or has ended.</summary>
    public async Task<bool> End(Guid person, string personName, string id, string by, CancellationToken cancellationToken)
    {
        var ended = await EndSessions.Execute(source, person, id, except: null, by, time.GetUtcNow(), cancellationToken) > 0;
        _known.TryRemove(id, out _);
        if (ended)
        {
            await Note(personName, by, 1, cancellationToken);
        }

        return ended;
    }

    /// <summary>Ends the sessions of a person, all or all but one; answers how many.</summary>
    public async Task<int> EndAll(Guid person, string personName, string? except, string by, CancellationToken cancellationToken)
    {
        var ended = await EndSessions.Execute(source, person, null, except, by, time.GetUtcNow(), cancellationToken);
        _known.Clear();
        if (ended > 0)
        {
            await Note(personName, by, ended, cancellationToken);
        }

        return ended;
    }

    private Task<AuditEntry> Note(string personName, string by, int count, CancellationToken cancellationToken) => audit.Append(
        by, "person.session.end", Actors.Of(personName), new Dictionary<string, string?> { ["sessions"] = count.ToString(System.Globalization.CultureInfo.InvariantCulture) }, cancellationToken);
}

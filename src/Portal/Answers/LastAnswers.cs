using System.Security.Claims;
using Microsoft.Extensions.Caching.Memory;

namespace EnergyTTT.Portal.Answers;

/// <summary>
/// The last answers that people's pages got, kept for a moment: a page that begins anew at the same address (its circuit after its
/// prerendering, a way back) goes on with what its person saw last and does not fall back to an empty face.
/// </summary>
public sealed class LastAnswers : IDisposable
{
    // Long enough for a circuit that begins on a busy machine, and short enough that nobody takes it for news.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(15);
    private readonly MemoryCache _answers = new(new MemoryCacheOptions { SizeLimit = 2_000 });

    /// <summary>What this person saw last at this address; an empty answer when that is too long ago or never was.</summary>
    /// <typeparam name="T">What the page asks for.</typeparam>
    /// <param name="person">Who looks.</param>
    /// <param name="address">Path and query of the page.</param>
    public Answer<T> Recall<T>(ClaimsPrincipal person, string address)
        where T : class
        => NameOf(person) is { } name && _answers.TryGetValue(new Place(name, address, typeof(T)), out Answer<T>? answer) ? answer! : new();

    /// <summary>Keeps what this person was answered. One who is not signed in is not remembered, and neither is a question that failed: what is shown then may be of another address.</summary>
    /// <typeparam name="T">What the page asks for.</typeparam>
    /// <param name="person">Who looks.</param>
    /// <param name="address">Path and query of the page.</param>
    /// <param name="answer">What is known.</param>
    public void Keep<T>(ClaimsPrincipal person, string address, Answer<T> answer)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer is { At: not null, Failure: null } && NameOf(person) is { } name)
        {
            _answers.Set(new Place(name, address, typeof(T)), answer, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Kept });
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _answers.Dispose();

    private static string? NameOf(ClaimsPrincipal person) => person.FindFirstValue(ClaimTypes.NameIdentifier) ?? person.Identity?.Name;

    private sealed record Place(string Person, string Address, Type Asked);
}

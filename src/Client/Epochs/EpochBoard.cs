using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Client.Epochs;

/// <summary>
/// The one place where the newest epoch hangs. Background loops pin it up, the engine's thread reads it: a volatile read and a look at the
/// monotonic clock, no lock and no allocation. One board serves all replicas of a deployment that one process runs.
/// </summary>
/// <param name="shape">What the gates look like.</param>
/// <param name="layers">Number of layers.</param>
/// <param name="longestLifetime">No epoch is used for longer than this without news, whatever the server grants.</param>
/// <param name="clock">The clock whose timestamps count.</param>
public sealed class EpochBoard(SelectorShape shape, int layers, TimeSpan longestLifetime, TimeProvider clock)
{
    private readonly Lock _pinning = new();
    private readonly EpochInForce _unsteered = EpochInForce.Unsteered(shape, layers);
    private EpochInForce? _pinned;
    private long _expired;

    /// <summary>The epoch that counts now; the unsteered one when none does.</summary>
    public EpochInForce Current
    {
        get
        {
            var pinned = Volatile.Read(ref _pinned);
            if (pinned is null)
            {
                return _unsteered;
            }

            if (clock.GetTimestamp() < pinned.Deadline)
            {
                return pinned;
            }

            if (Interlocked.CompareExchange(ref _pinned, null, pinned) == pinned)
            {
                Interlocked.Increment(ref _expired);
            }

            return _unsteered;
        }
    }

    /// <summary>How often an epoch ran out without news.</summary>
    public long Expired => Interlocked.Read(ref _expired);

    /// <summary>Takes the server's answer.</summary>
    /// <param name="epoch">The message.</param>
    /// <param name="serverNow">The server's clock when it answered; a wrong clock here then neither stretches nor cuts the epoch.</param>
    /// <returns>Whether an epoch counts now.</returns>
    /// <exception cref="SteeringMismatchException">It does not fit the engine; steering has ended.</exception>
    public bool Pin(SteeringEpoch epoch, DateTimeOffset serverNow)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        var lifetime = epoch.ExpiresAt - serverNow;
        lifetime = lifetime < TimeSpan.Zero ? TimeSpan.Zero : lifetime > longestLifetime ? longestLifetime : lifetime;
        var deadline = clock.GetTimestamp() + (long)(lifetime.TotalSeconds * clock.TimestampFrequency);
        lock (_pinning)
        {
            var current = Current;
            // "No steering" counts at once: policy, a guard or a person has taken the bias back.
            if (epoch.Epoch == 0)
            {
                Volatile.Write(ref _pinned, null);

                return false;
            }

            // Answers overtake each other: a lower number is older news as long as the one in hand counts.
            if (epoch.Epoch < current.Number)
            {
                return true;
            }

            if (epoch.Epoch == current.Number && epoch.Arm == current.Arm)
            {
                Volatile.Write(ref _pinned, current.Until(Math.Max(current.Deadline, deadline)));

                return true;
            }

            try
            {
                Volatile.Write(ref _pinned, EpochInForce.Create(epoch, shape, layers, deadline));
            }
            catch (SteeringMismatchException)
            {
                Volatile.Write(ref _pinned, null);
                throw;
            }

            return clock.GetTimestamp() < deadline;
        }
    }

    /// <summary>Takes the epoch down.</summary>
    public void Clear() => Volatile.Write(ref _pinned, null);
}

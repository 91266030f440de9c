using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Telemetry.PowerCaps;

/// <summary>
/// Holds caps on cards for as long as their leases are renewed, and gives every card back what it had. The prior limit is on the disk before the first write; a cap
/// outside the card's own limits is refused; a limit that somebody else has changed meanwhile is left to them. Thread-safe.
/// </summary>
internal sealed class CapKeeper(ICappedCards cards, PriorLimits prior, TimeSpan lease, TimeProvider time, ITelemetryLog log)
{
    /// <summary>Limits that differ by less are the same: cards round.</summary>
    private const double SameWatts = 1;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _renewed = new(StringComparer.Ordinal);

    /// <summary>Gives back what a helper before this one had not: it was killed.</summary>
    public void Recover()
    {
        lock (_gate)
        {
            foreach (var gpu in prior.Held.Keys.ToList())
            {
                GiveBack(gpu, "the helper before this one ended without giving it back");
            }
        }
    }

    /// <summary>Holds a card at a cap until the lease runs out.</summary>
    public CapAnswer Hold(string gpu, double watts)
    {
        lock (_gate)
        {
            if (cards.Read(gpu, out var reason) is not { } limits)
            {
                return Refuse(reason);
            }

            if (!(watts >= limits.Least && watts <= limits.Greatest))
            {
                return Refuse(FormattableString.Invariant($"{watts:0.#} W is outside the card's limits, {limits.Least:0.#} to {limits.Greatest:0.#} W"));
            }

            var held = prior.Held.GetValueOrDefault(gpu);
            if (held is null || Math.Abs(limits.Configured - watts) > SameWatts)
            {
                if (held is null && Math.Abs(limits.Configured - watts) <= SameWatts)
                {
                    // It is so already, and not by us: nothing to write, nothing to give back.
                    return new CapAnswer(PowerCapState.Enforced, limits.Enforced, null);
                }

                prior.Hold(gpu, new HeldCap(held?.PriorWatts ?? limits.Configured, watts));
                if (cards.Set(gpu, watts) is { } refusal)
                {
                    if (held is null)
                    {
                        prior.Forget(gpu);
                    }
                    else
                    {
                        prior.Hold(gpu, held);
                    }

                    return Refuse(refusal);
                }

                log.Write(LogLevel.Information, FormattableString.Invariant($"{gpu} was capped at {watts:0.#} W; before it was {prior.Held[gpu].PriorWatts:0.#} W"));
            }

            _renewed[gpu] = time.GetTimestamp();
            var now = cards.Read(gpu, out reason);
            return now is null ? Refuse(reason)
                : Math.Abs(now.Configured - watts) <= SameWatts && now.Enforced <= watts + SameWatts ? new CapAnswer(PowerCapState.Enforced, now.Enforced, null)
                : Refuse(FormattableString.Invariant($"the card enforces {now.Enforced:0.#} W instead of {watts:0.#} W"));
        }
    }

    /// <summary>Gives a card back what it had.</summary>
    public CapAnswer Release(string gpu, string why)
    {
        lock (_gate)
        {
            return prior.Held.ContainsKey(gpu) ? GiveBack(gpu, why) : new CapAnswer("released", cards.Read(gpu, out _)?.Enforced ?? 0, null);
        }
    }

    /// <summary>The watchdog: gives back every card whose lease nobody has renewed.</summary>
    public void Watch()
    {
        lock (_gate)
        {
            foreach (var gpu in prior.Held.Keys.Where(gpu => !_renewed.TryGetValue(gpu, out var at) || time.GetElapsedTime(at) > lease).ToList())
            {
                GiveBack(gpu, "the agent did not renew it");
            }
        }
    }

    /// <summary>Gives everything back.</summary>
    public void ReleaseAll(string why)
    {
        lock (_gate)
        {
            foreach (var gpu in prior.Held.Keys.ToList())
            {
                GiveBack(gpu, why);
            }
        }
    }

    private CapAnswer GiveBack(string gpu, string why)
    {
        var held = prior.Held[gpu];
        if (cards.Read(gpu, out var reason) is not { } limits)
        {
            // The card is gone for now; the next watch tries again.
            return Refuse(reason);
        }

        if (Math.Abs(limits.Configured - held.CapWatts) > SameWatts)
        {
            log.Write(LogLevel.Warning, FormattableString.Invariant($"{gpu} is at {limits.Configured:0.#} W and not at its cap of {held.CapWatts:0.#} W: somebody else has set it, it is left to them"));
        }
        else if (cards.Set(gpu, held.PriorWatts) is { } refusal)
        {
            log.Write(LogLevel.Error, FormattableString.Invariant($"{gpu} could not be given back its {held.PriorWatts:0.#} W: {refusal}"));
            return Refuse(refusal);
        }
        else
        {
            log.Write(LogLevel.Information, FormattableString.Invariant($"{gpu} was given back its {held.PriorWatts:0.#} W: {why}"));
        }

        prior.Forget(gpu);
        _renewed.Remove(gpu);
        return new CapAnswer("released", cards.Read(gpu, out _)?.Enforced ?? 0, null);
    }

    private static CapAnswer Refuse(string reason) => new(PowerCapState.Refused, 0, reason);
}

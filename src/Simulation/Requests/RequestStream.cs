using EnergyTTT.Simulation.Gates;

namespace EnergyTTT.Simulation.Requests;

/// <summary>
/// Requests that arrive at random at a fixed mean rate, from domains whose shares drift: each share swings by <c>1 + drift cos(2 pi (t / period + domain / domains))</c>. The lengths are
/// exponential. The same seed gives the same requests, wherever they are placed.
/// </summary>
public sealed class RequestStream(Domains domains, RecordedGates gates, double requestsPerSecond, double meanTokens, double drift, double driftSeconds, int seed)
{
    private readonly Random _random = new(seed);
    private double _next = double.NaN;

    /// <summary>The requests that arrive before a time; call with rising times.</summary>
    /// <param name="seconds">Seconds since the start.</param>
    public IEnumerable<DecodingRequest> Until(double seconds)
    {
        _next = double.IsNaN(_next) ? Gap() : _next;
        while (_next <= seconds)
        {
            var arrived = _next;
            _next += Gap();

            yield return Draw(arrived);
        }
    }

    /// <summary>A request that is somewhere in its middle, to start a fleet in its steady state.</summary>
    public DecodingRequest Running() => Draw(0);

    private double Gap() => -Math.Log(1 - _random.NextDouble()) / requestsPerSecond;

    private DecodingRequest Draw(double seconds)
    {
        double sum = 0;
        for (var domain = 0; domain < domains.Count; domain++)
        {
            sum += Share(domain, seconds);
        }

        var left = _random.NextDouble() * sum;
        var chosen = 0;
        while (chosen < domains.Count - 1 && left >= Share(chosen, seconds))
        {
            left -= Share(chosen++, seconds);
        }

        var members = domains.Members(chosen);
        var sequence = members[_random.Next(members.Count)];

        return new(sequence, chosen, _random.Next(gates.Positions), Math.Max(1, -Math.Log(1 - _random.NextDouble()) * meanTokens));
    }

    private double Share(int domain, double seconds) =>
        domains.Members(domain).Count * (1 + (drift * Math.Cos(2 * Math.PI * ((seconds / driftSeconds) + ((double)domain / domains.Count)))));
}

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>Watches energy counters and power sensors closely for a moment and notes how often each changes.</summary>
internal static class TickWatch
{
    private const int LeastIntervals = 3;

    /// <summary>Reads all cards every <paramref name="every"/> for <paramref name="duration"/> and writes the observed tick into their sensors.</summary>
    public static void Observe(IReadOnlyList<NvmlCard> cards, TimeSpan duration, TimeSpan every, TimeProvider time, Action<TimeSpan> pause)
    {
        var changes = cards.Select(_ => new[] { new Changes(), new Changes(), new Changes() }).ToArray();
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < duration; pause(every))
        {
            for (var i = 0; i < cards.Count; i++)
            {
                if (cards[i].ReadPower(withCounter: true, out var sample) == NvmlReturn.Success)
                {
                    changes[i][0].See(sample.At, sample.EnergyMillijoules);
                    changes[i][1].See(sample.At, sample.AverageWatts);
                    changes[i][2].See(sample.At, sample.InstantWatts);
                }
            }
        }

        for (var i = 0; i < cards.Count; i++)
        {
            var power = cards[i].Power;
            (power.Energy.TickSeconds, power.Average.TickSeconds, power.Instant.TickSeconds) = (changes[i][0].MedianSeconds, changes[i][1].MedianSeconds, changes[i][2].MedianSeconds);
        }
    }

    private sealed class Changes
    {
        private readonly List<double> _intervals = [];
        private double? _value;
        private TimeSpan? _changed;

        /// <summary>The middle of the observed intervals, to the millisecond: a power that happens to stay the same for a tick does not move it.</summary>
        public double? MedianSeconds => _intervals.Count < LeastIntervals ? null : Math.Round(_intervals.Order().ElementAt(_intervals.Count / 2), 3);

        public void See(TimeSpan at, double? value)
        {
            if (value is null || value == _value)
            {
                return;
            }

            if (_value is not null)
            {
                if (_changed is { } last)
                {
                    _intervals.Add((at - last).TotalSeconds);
                }

                _changed = at;
            }

            _value = value;
        }
    }
}

namespace EnergyTTT.Experiments.Cards;

/// <summary>A change of a card's energy counter.</summary>
/// <param name="Timestamp">When it was noticed, by the clock's timestamps.</param>
/// <param name="Millijoules">The counter after it.</param>
/// <param name="UncertainSeconds">Time since the last look that still saw the old value: the change lies in it.</param>
internal readonly record struct CardTick(long Timestamp, ulong Millijoules, double UncertainSeconds);

/// <summary>A reading of everything but the counter.</summary>
/// <param name="Timestamp">By the clock's timestamps.</param>
/// <param name="AverageWatts">Averaged by the card over its last second.</param>
/// <param name="Celsius">Of the die.</param>
/// <param name="SmClockHertz">Of the multiprocessors.</param>
/// <param name="ThrottledNanoseconds">Throttled by heat or power brake since the driver was loaded.</param>
internal readonly record struct CardReading(long Timestamp, double? AverageWatts, double? Celsius, double? SmClockHertz, double? ThrottledNanoseconds);

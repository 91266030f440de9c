namespace EnergyTTT.Routing.Thermal;

/// <summary>
/// Remembers what was forecast until the time comes, then scores it: persistence ("it stays as it is"), hold, expected and planned, per horizon. One entry a second is kept, for one
/// minute and a bit. Expected is a share of the change that holding the power would bring: the share that really came lately on this very card.
/// </summary>
internal sealed class ForecastLedger
{
    private const int Horizons = 4;
    private const int Capacity = 64;
    private const int HoldAt = ThermalFilter.Unknowns;
    private const int HoldWidthAt = HoldAt + Horizons;
    private const int PlannedWidthAt = HoldWidthAt + Horizons;
    private const int ExpectedAt = PlannedWidthAt + Horizons;
    private const int ExpectedWidthAt = ExpectedAt + Horizons;
    private const int Width = ExpectedWidthAt + Horizons;

    // The share follows the last five minutes. Before anything came due half of the change is expected, which counts as much as this many readings with a change of a third of the range.
    private const double ShareMemory = 300;
    private const double SharePrior = 20;
    private const double FirstShare = 0.5;

    // An answer that comes later than this after it was due is no answer.
    private const double Tolerance = 1.5;

    private readonly double[] _times = new double[Capacity];
    private readonly float[] _temperatures = new float[Capacity];
    private readonly float[] _entries = new float[Capacity * Width];
    private readonly long[] _due = new long[Horizons];
    private readonly ForecastScore[] _hold = new ForecastScore[Horizons], _expected = new ForecastScore[Horizons], _planned = new ForecastScore[Horizons];
    private readonly double[] _came = new double[Horizons], _foretold = new double[Horizons], _shareWeight = new double[Horizons];
    private readonly double[] _persistence = new double[Horizons], _persistenceWeight = new double[Horizons];
    private long _next;

    public ForecastLedger(double riseAtLimitCelsius)
    {
        for (var h = 0; h < Horizons; h++)
        {
            // Before anything is known: power may step by a third of the limit, of which the die shows half at once and all within a minute; a plan leaves a quarter of that unsure.
            var seconds = ThermalForecaster.HorizonsSeconds[h];
            var step = riseAtLimitCelsius / 3 * (0.5 + 0.5 * (1 - Math.Exp(-seconds / 20)));
            _hold[h] = new(step);
            _expected[h] = new(step);
            (_shareWeight[h], _came[h], _foretold[h]) = (SharePrior, FirstShare * step * step, step * step);
            _planned[h] = new(step / 4);
        }
    }

    public ref readonly ForecastScore Hold(int horizon) => ref _hold[horizon];

    public ref readonly ForecastScore Planned(int horizon) => ref _planned[horizon];

    public ref readonly ForecastScore Expected(int horizon) => ref _expected[horizon];

    /// <summary>
    /// The temperature after a horizon when nobody has told how power will go on: with a steady load all of the change comes that holding the power would bring, with
    /// loads that come and go little of it. The share is the least-squares one, within 0 to 1.
    /// </summary>
    public double Expect(int horizon, double seconds, double temperature, ThermalFilter filter) =>
        temperature + (Math.Clamp(_came[horizon] / _foretold[horizon], 0, 1) * (filter.AtPower(seconds, filter.HoldWatts) - temperature));

    public double? Persistence(int horizon) => _persistenceWeight[horizon] > 0 ? _persistence[horizon] : null;

    /// <summary>Scores what is due and, once a second, writes down what is forecast now.</summary>
    public void Turn(double time, double temperature, ThermalFilter filter)
    {
        for (var h = 0; h < Horizons; h++)
        {
            Score(h, time, temperature, filter);
        }

        if (_next > 0 && time - _times[(_next - 1) % Capacity] < 0.95)
        {
            return;
        }

        var slot = (int)(_next % Capacity);
        var entry = _entries.AsSpan(slot * Width, Width);
        for (var i = 0; i < ThermalFilter.Unknowns; i++)
        {
            entry[i] = (float)filter.State[i];
        }

        for (var h = 0; h < Horizons; h++)
        {
            entry[HoldAt + h] = (float)filter.AtPower(ThermalForecaster.HorizonsSeconds[h], filter.HoldWatts);
            entry[HoldWidthAt + h] = (float)_hold[h].HalfWidth;
            entry[PlannedWidthAt + h] = (float)_planned[h].HalfWidth;
            entry[ExpectedAt + h] = (float)Expect(h, ThermalForecaster.HorizonsSeconds[h], temperature, filter);
            entry[ExpectedWidthAt + h] = (float)_expected[h].HalfWidth;
        }

        _times[slot] = time;
        _temperatures[slot] = (float)temperature;
        _next++;
    }

    /// <summary>Forgets what is open, keeps the scores.</summary>
    public void Clear() => Array.Fill(_due, _next);

    private void Score(int h, double time, double temperature, ThermalFilter filter)
    {
        var horizon = ThermalForecaster.HorizonsSeconds[h];
        // Entries that the ring has overwritten can no longer be scored.
        _due[h] = Math.Max(_due[h], _next - Capacity);
        while (_due[h] < _next && _times[_due[h] % Capacity] + horizon <= time + 0.05)
        {
            var slot = (int)(_due[h]++ % Capacity);
            var elapsed = time - _times[slot];
            if (elapsed > horizon + Tolerance)
            {
                continue;
            }

            var entry = _entries.AsSpan(slot * Width, Width);
            _hold[h].Add(temperature - entry[HoldAt + h], entry[HoldWidthAt + h], horizon);
            _expected[h].Add(temperature - entry[ExpectedAt + h], entry[ExpectedWidthAt + h], horizon);
            double foretold = entry[HoldAt + h] - _temperatures[slot], came = temperature - _temperatures[slot];
            _shareWeight[h] = Math.Min(_shareWeight[h] + 1, ShareMemory);
            _came[h] += ((came * foretold) - _came[h]) / _shareWeight[h];
            _foretold[h] += ((foretold * foretold) - _foretold[h]) / _shareWeight[h];
            _planned[h].Add(temperature - filter.Hindcast(entry, elapsed), entry[PlannedWidthAt + h], horizon);
            _persistenceWeight[h] = Math.Min(_persistenceWeight[h] + 1, 900);
            _persistence[h] += (Math.Abs(temperature - _temperatures[slot]) - _persistence[h]) / _persistenceWeight[h];
        }
    }

    private const int SnapshotOfHorizon = (3 * ForecastScore.SnapshotLength) + 2 + 3;

    public const int SnapshotLength = Horizons * SnapshotOfHorizon;

    public void Snapshot(Span<double> values)
    {
        for (var h = 0; h < Horizons; h++)
        {
            _hold[h].Snapshot(values);
            _planned[h].Snapshot(values[ForecastScore.SnapshotLength..]);
            values[2 * ForecastScore.SnapshotLength] = _persistence[h];
            values[2 * ForecastScore.SnapshotLength + 1] = _persistenceWeight[h];
            var more = values[(2 * ForecastScore.SnapshotLength + 2)..];
            _expected[h].Snapshot(more);
            more = more[ForecastScore.SnapshotLength..];
            (more[0], more[1], more[2]) = (_came[h], _foretold[h], _shareWeight[h]);
            values = values[SnapshotOfHorizon..];
        }
    }

    public void Restore(ReadOnlySpan<double> values)
    {
        for (var h = 0; h < Horizons; h++)
        {
            _hold[h].Restore(values);
            _planned[h].Restore(values[ForecastScore.SnapshotLength..]);
            _persistence[h] = values[2 * ForecastScore.SnapshotLength];
            _persistenceWeight[h] = values[2 * ForecastScore.SnapshotLength + 1];
            var more = values[(2 * ForecastScore.SnapshotLength + 2)..];
            _expected[h].Restore(more);
            more = more[ForecastScore.SnapshotLength..];
            (_came[h], _foretold[h], _shareWeight[h]) = (more[0], more[1], more[2]);
            values = values[SnapshotOfHorizon..];
        }
    }
}

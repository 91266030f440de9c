using System.Globalization;
using System.IO.Compression;
using EnergyTTT.Routing.Thermal;

namespace EnergyTTT.Routing.Tests.Thermal;

/// <summary>Recordings to forecast: the real H100 at any pace and phase, and simulated cards of other sizes.</summary>
internal static class Cards
{
    private static readonly Lazy<(double Time, double Joules, double Celsius)[]> Rows = new(ReadRows);

    /// <summary>The recorded H100, one reading every <paramref name="step"/> seconds, the first at <paramref name="from"/> seconds.</summary>
    public static ThermalReading[] RecordedH100(double from, double step)
    {
        List<ThermalReading> readings = [];
        (double Time, double Joules)? last = null;
        var next = from;
        foreach (var (time, joules, celsius) in Rows.Value)
        {
            if (time < next - 0.025)
            {
                continue;
            }

            if (last is { } l)
            {
                readings.Add(new(time, (joules - l.Joules) / (time - l.Time), celsius));
            }

            last = (time, joules);
            next += step;
        }

        return [.. readings];
    }

    /// <summary>A simulated card under a load that changes at random: <c>T = T0 + sum R lp(P, tau)</c>, with noise, in whole degrees if so wished.</summary>
    public static ThermalReading[] Simulated(int seed, int seconds, double limitWatts, double coolant, double[] resistance, double[] tau, double noise, bool wholeDegrees)
    {
        var random = new Random(seed);
        double[] heat = [.. tau.Select(_ => 0.15 * limitWatts)];
        double level = 0.15 * limitWatts, left = 10;
        var readings = new ThermalReading[seconds];
        for (var t = 0; t < seconds; t++)
        {
            if (left-- <= 0)
            {
                level = limitWatts * (random.NextDouble() < 0.2 ? 0.15 : 0.2 + 0.8 * random.NextDouble());
                left = 5 + 40 * random.NextDouble();
            }

            var power = level * (1 + 0.02 * Normal(random));
            var celsius = coolant + noise * Normal(random);
            for (var i = 0; i < tau.Length; i++)
            {
                heat[i] += (power - heat[i]) * (1 - Math.Exp(-1 / tau[i]));
                celsius += resistance[i] * heat[i];
            }

            readings[t] = new(t + 1, power, wholeDegrees ? Math.Round(celsius) : celsius);
        }

        return readings;
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static (double, double, double)[] ReadRows()
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "data", "h100_trace.csv.gz")), CompressionMode.Decompress));
        reader.ReadLine();
        List<(double, double, double)> rows = [];
        double? first = null;
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split(',');
            var time = double.Parse(cells[0], CultureInfo.InvariantCulture);
            first ??= time;
            rows.Add((time - first.Value, double.Parse(cells[4], CultureInfo.InvariantCulture) / 1000, double.Parse(cells[5], CultureInfo.InvariantCulture)));
        }

        return [.. rows];
    }
}

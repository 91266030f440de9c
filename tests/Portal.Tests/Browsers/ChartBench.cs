using System.Diagnostics;
using Microsoft.Playwright;

namespace EnergyTTT.Portal.Tests.Browsers;

/// <summary>Measures the bars on charts against any running portal, with a page that is signed in. Figures are of this machine, now.</summary>
public static class ChartBench
{
    /// <summary>
    /// Draws 64 series of 1,200 points and appends one moment to all of them per animation frame for some seconds.
    /// Verifies first that the chart really holds what it is said to hold.
    /// </summary>
    /// <returns>Pictures drawn per second, and the milliseconds of processor time that the page's main thread spent on each.</returns>
    public static async Task<(double PerSecond, double ThreadMilliseconds)> LiveFrames(IPage page, int series = 64, int points = 1_200, double seconds = 4)
    {
        // Processor time of the thread, not the clock on the wall: what others do on the same cores does not count.
        var session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("Performance.enable", new() { ["timeDomain"] = "threadTicks" });
        var before = await ThreadSeconds(session);
        var result = await page.EvaluateAsync<double[]>(
            """
            async ([series, points, seconds]) => {
              const chart = document.createElement('ettt-chart');
              const start = Math.floor(Date.now() / 1000) - 4; // history that has settled
              const query = `metric=bench&run=${performance.now()}`; // never an answer that the page still knows
              const header = JSON.stringify({ points, step_seconds: 1, series: Array.from({ length: series }, (_, i) => ({ label: `gpu ${i}` })) });
              const padded = header + ' '.repeat((8 - ((4 + header.length) % 8)) % 8);
              const body = new ArrayBuffer(4 + padded.length + 8 * points * (series + 1));
              new DataView(body).setUint32(0, padded.length, true);
              new Uint8Array(body, 4, padded.length).set(new TextEncoder().encode(padded));
              const numbers = new Float64Array(body, 4 + padded.length);
              const value = (i, t) => 300 + 4 * i + 60 * Math.sin(t / 37 + i);
              for (let p = 0; p < points; p++) { numbers[p] = start - points + p; for (let i = 0; i < series; i++) numbers[(i + 1) * points + p] = value(i, start - points + p); }
              const real = window.fetch;
              window.fetch = (address, options) => String(address).includes('metric=bench') ? Promise.resolve(new Response(body)) : real(address, options);
              const attributes = { name: 'bench', label: 'Bench', unit: 'W', zone: 'utc', span: String(points), series: JSON.stringify(Array.from({ length: series }, (_, i) => ({ label: `gpu ${i}`, query, dash: i % 8, match: { label: `gpu ${i}` } }))) };
              for (const [name, text] of Object.entries(attributes)) chart.setAttribute(name, text);
              document.querySelector('main').prepend(chart);
              await new Promise((resolve, reject) => { chart.addEventListener('ettt-drawn', resolve, { once: true }); setTimeout(() => reject(new Error('the chart was never drawn')), 10000); });
              window.fetch = real;
              const held = [chart.points.columns.length, chart.points.times.length, chart.points.columns[series - 1][points - 1] - value(series - 1, start - 1)];
              const begun = performance.now();
              const drawn = chart.draws;
              let t = start;
              await new Promise(resolve => {
                const step = () => {
                  if (performance.now() - begun > seconds * 1000) { resolve(); return; }
                  energyTTT.push({ t, values: { bench: Array.from({ length: series }, (_, i) => value(i, t)) } });
                  t++;
                  requestAnimationFrame(step);
                };
                requestAnimationFrame(step);
              });
              const pictures = chart.draws - drawn;
              const rate = pictures / ((performance.now() - begun) / 1000);
              const kept = chart.points.times.length;
              chart.remove();
              return [rate, ...held, kept, pictures];
            }
            """,
            new object[] { series, points, seconds });
        if (result[1] != series || result[2] != points || Math.Abs(result[3]) > 1e-9 || result[4] < points || result[4] > points + 4)
        {
            throw new InvalidOperationException($"the bench chart held {result[1]} series of {result[2]} points, then {result[4]}, off by {result[3]}: the figure would mean nothing");
        }

        var spent = await ThreadSeconds(session) - before;
        await session.DetachAsync();
        return (result[0], 1_000 * spent / result[5]);
    }

    private static async Task<double> ThreadSeconds(ICDPSession session)
    {
        var metrics = await session.SendAsync("Performance.getMetrics");
        return metrics!.Value.GetProperty("metrics").EnumerateArray().Single(metric => metric.GetProperty("name").GetString() == "TaskDuration").GetProperty("value").GetDouble();
    }

    /// <summary>Opens a page in a profile that has nothing cached and waits until its first chart shows data.</summary>
    /// <returns>Time from the start of navigation to the first chart, and the bytes that came over the wire until then.</returns>
    public static async Task<(TimeSpan FirstChart, long Bytes, IReadOnlyList<string> Requests)> ColdLoad(IBrowserContext profile, string address)
    {
        var page = await profile.NewPageAsync();
        var session = await profile.NewCDPSessionAsync(page);
        await session.SendAsync("Network.enable");
        await session.SendAsync("Network.setCacheDisabled", new() { ["cacheDisabled"] = true });
        long bytes = 0;
        var requests = new List<string>();
        session.Event("Network.loadingFinished").OnEvent += (_, message) => bytes += (long)(message?.GetProperty("encodedDataLength").GetDouble() ?? 0);
        page.Request += (_, request) => requests.Add(request.Url);
        await page.AddInitScriptAsync("document.addEventListener('ettt-drawn', () => { window.firstChart ??= performance.now(); }, true);");
        var watch = Stopwatch.StartNew();
        await page.GotoAsync(address, new() { WaitUntil = WaitUntilState.Commit });
        await page.WaitForFunctionAsync("() => window.firstChart !== undefined", null, new() { Timeout = 20_000, PollingInterval = 20 });
        var first = TimeSpan.FromMilliseconds(await page.EvaluateAsync<double>("() => window.firstChart"));
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await page.CloseAsync();
        return (first, bytes, requests);
    }
}

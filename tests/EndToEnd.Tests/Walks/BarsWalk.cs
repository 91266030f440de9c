using System.Globalization;
using EnergyTTT.EndToEnd.Tests.Products;
using EnergyTTT.Testing.Machines;
using Microsoft.Playwright;
using Xunit;
using Xunit.Abstractions;

namespace EnergyTTT.EndToEnd.Tests.Walks;

/// <summary>The bars on time and weight, on the published product. Each prints its figure; on a busy machine only a generous bound can fail.</summary>
[Collection(ProductCollection.Name)]
public sealed class BarsWalk(ProductFixture product, ITestOutputHelper output)
{
    private const double MostKilobytes = 250;

    [Fact]
    public void The_product_answers_within_fifteen_seconds_of_its_start()
    {
        Say($"first page {product.StartTime.TotalSeconds:0.0} s after the start, machine {Word(product.WasQuiet)}");

        Assert.InRange(product.StartTime.TotalSeconds, 0, product.WasQuiet ? 15 : 120);
    }

    [Fact]
    public async Task A_cold_load_weighs_at_most_250_KB_and_paints_its_first_chart_within_a_second()
    {
        var quiet = await BusyMachine.IsQuiet();
        var (best, lightest) = (double.MaxValue, double.MaxValue);
        for (var run = 0; run < 3 && (best > 1_000 || run == 0); run++)
        {
            var (milliseconds, kilobytes) = await ColdLoad();
            Say($"cold load {run + 1}: first chart after {milliseconds:0} ms, {kilobytes:0} KB over the wire, machine {Word(quiet)}");
            (best, lightest) = (Math.Min(best, milliseconds), Math.Min(lightest, kilobytes));
        }

        Assert.InRange(lightest, 50, MostKilobytes);
        Assert.InRange(best, 0, quiet ? 1_000 : 10_000);
    }

    // History is fetched per chart and grows with what is stored; the page is what comes before a chart can be drawn, and the history of that moment.
    private async Task<(double Milliseconds, double Kilobytes)> ColdLoad()
    {
        var page = await product.SignedIn();
        var session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("Network.enable");
        await session.SendAsync("Network.setCacheDisabled", new() { ["cacheDisabled"] = true });
        var bytes = 0.0;
        session.Event("Network.loadingFinished").OnEvent += (_, message) => bytes += message?.GetProperty("encodedDataLength").GetDouble() ?? 0;
        await page.AddInitScriptAsync("document.addEventListener('ettt-drawn', () => { window.firstChart ??= performance.now(); }, true);");
        await page.GotoAsync("/", new() { WaitUntil = WaitUntilState.NetworkIdle, Timeout = 60_000 });
        await page.WaitForFunctionAsync("() => window.firstChart !== undefined", null, new() { Timeout = 60_000 });
        var first = await page.EvaluateAsync<double>("() => window.firstChart");
        await page.Context.CloseAsync();
        return (first, bytes / 1024);
    }

    private static string Word(bool quiet) => quiet ? "quiet" : "busy";

    private void Say(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}

using EnergyTTT.Faults.Clusters;
using EnergyTTT.Faults.Loads;
using EnergyTTT.Faults.Reports;
using Xunit;

namespace EnergyTTT.Faults.Pauses;

/// <summary>A silo that stands still and wakes up: it must not write what the others have overtaken.</summary>
[Collection(Machine.Name)]
public sealed class PauseTests(SharedSilos shared)
{
    [Fact]
    public async Task A_silo_that_stood_still_writes_nothing_that_was_overtaken()
    {
        int[] pauses = FaultReport.IsLong ? [3, 20, 3, 20] : [3];
        var silos = await shared.Get();
        await using var steering = await SteeringLoad.Start(silos.Servers, silos.Key);
        await using var load = silos.Load();
        await load.Flow(TimeSpan.FromSeconds(30));
        var died = 0;
        for (var i = 0; i < pauses.Length; i++)
        {
            var silo = i % 2;
            await silos[silo].Signal("STOP");
            await Task.Delay(TimeSpan.FromSeconds(pauses[i]));
            await silos[silo].Signal("CONT");
            await Task.Delay(TimeSpan.FromSeconds(2));
            await load.Flow(TimeSpan.FromSeconds(30));

            // A silo that was declared dead meanwhile ends itself, as it should; its supervisor starts it again.
            if (await silos.EndedBy(silo, TimeSpan.FromSeconds(8)))
            {
                died++;
                await silos.Begin(silo);
            }
        }

        await silos.Agree();
        var steered = await steering.Settle(silos.Source);
        var found = await load.Settle(silos.Source);

        FaultReport.Row(
            "SIGSTOP of a silo", $"for {string.Join(", ", pauses)} s, under ingest, feedback and policy changes",
            $"{found.Acknowledged:N0} frames acknowledged, {found.Missing} missing, {found.Doubled} doubled; {steered.Chunks} chunks and {steered.Policies} policies acknowledged, all there, 0 counted twice, 0 epochs repeated; {died} of {pauses.Length} silos found themselves declared dead, ended and were started again; both agree");
    }
}

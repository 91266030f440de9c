using EnergyTTT.Faults.Clusters;
using EnergyTTT.Faults.Loads;
using EnergyTTT.Faults.Reports;
using Xunit;

namespace EnergyTTT.Faults.Networks;

/// <summary>Cut networks: silo from silo, silo from database, agents from a silo. Nothing is refused, everything is silently dropped.</summary>
[Collection(Machine.Name)]
[Trait(FaultReport.Form, FaultReport.Long)]
public sealed class PartitionTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Two_silos_that_cannot_reach_each_other_do_not_both_go_on() =>
        await CutOff("silo from silo", (hosts, _) => hosts.Drop(0, TwoHosts.AddressOf(1)));

    [Fact]
    public async Task A_silo_that_cannot_reach_the_database_acknowledges_nothing() =>
        await CutOff("silo from database", (hosts, silos) => hosts.Drop(0, TwoHosts.Here, silos.Database.Port));

    [Fact]
    public async Task Agents_that_cannot_reach_a_silo_send_to_the_other() =>
        await CutOff("agents from a silo", (hosts, silos) => hosts.Drop(0, TwoHosts.Here, silos.Servers[0].Port));

    private static async Task CutOff(string what, Func<TwoHosts, TwoSilos, Task> cut)
    {
        await using var hosts = await TwoHosts.Make();
        await using var silos = await TwoSilos.Start(hosts: hosts);
        await using var steering = await SteeringLoad.Start(silos.Servers, silos.Key);
        await using var load = silos.Load();
        await load.Flow(TimeSpan.FromSeconds(30));
        load.TakeLongestWait();

        await cut(hosts, silos);
        await Task.Delay(Length);
        await load.Flow(TimeSpan.FromSeconds(60));
        await hosts.Heal(0);
        await Task.Delay(TimeSpan.FromSeconds(3));
        await load.Flow(TimeSpan.FromSeconds(60));
        List<int> stoodDown = [];
        for (var silo = 0; silo < 2; silo++)
        {
            if (await silos.EndedBy(silo, TimeSpan.FromSeconds(10)))
            {
                stoodDown.Add(silo);
                await silos.Begin(silo);
            }
        }

        Assert.True(stoodDown.Count < 2, "both silos ended: nobody was left to serve");
        await silos.Agree();
        var waited = load.TakeLongestWait();
        var steered = await steering.Settle(silos.Source);
        var found = await load.Settle(silos.Source);
        FaultReport.Row(
            "partition: " + what, $"packets dropped for {Length.TotalSeconds:0} s and more, under ingest, feedback and policy changes",
            $"{stoodDown.Count} silo stood down and was started again; {found.Acknowledged:N0} frames acknowledged, {found.Missing} missing, {found.Doubled} doubled; longest wait of a batch {waited.TotalSeconds:0.0} s; {steered.Chunks} chunks and {steered.Policies} policies, all there; 0 epochs repeated; both agree afterwards");
    }
}

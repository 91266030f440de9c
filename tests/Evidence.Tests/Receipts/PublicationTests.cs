using EnergyTTT.Evidence.Blocks;
using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Evidence.Savings;
using EnergyTTT.Evidence.Tests.Blocks;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Evidence.Tests.Receipts;

public sealed class PublicationTests
{
    private static readonly Receipt Whole = new()
    {
        Started = new(2026, 11, 23, 1, 0, 0, TimeSpan.Zero),
        Finished = new(2026, 11, 23, 1, 30, 0, TimeSpan.Zero),
        EnergyMethod = EnergyMethod.Counter,
        Origin = Origin.Measured,
        Gpus = ["GPU-a"],
        GpuModel = "NVIDIA H100 80GB HBM3",
        Driver = "580.159.04",
        CodeVersion = "0.1.0",
        OrderSeed = 7,
        EnergyDisagreement = 0.01,
        AaRunCoversZero = true,
    };

    private static readonly Saving Lost = Saving.Of(Pairing.Pair(Runs.Interleaved(new Random(2), 12, 1.05, 0.01), "control", "treated"));

    [Fact]
    public void A_well_documented_loss_is_publishable()
    {
        var publication = Publication.Judge(Whole, Lost);

        Assert.True(publication.Publishable);
        Assert.Empty(publication.Reasons);
    }

    [Fact]
    public void Everything_that_is_wrong_is_listed_at_once()
    {
        var receipt = Whole with { CounterResets = 1, GapSeconds = 100, EnergyDisagreement = 0.06, Driver = null, OrderSeed = null, AaRunCoversZero = null, Origin = Origin.Simulated };

        var publication = Publication.Judge(receipt, Saving.Of([-0.1, -0.1], Origin.Simulated));

        Assert.False(publication.Publishable);
        Assert.Equal(
            [
                ReasonCode.NotMeasured, ReasonCode.TooFewPairs, ReasonCode.CounterReset, ReasonCode.Gap, ReasonCode.SensorDisagreement, ReasonCode.Undocumented, ReasonCode.NotInterleaved,
                ReasonCode.NoAaRun,
            ],
            publication.Reasons.ToArray());
    }

    [Fact]
    public void An_aa_run_that_missed_zero_forbids_publishing() =>
        Assert.Equal([ReasonCode.NoAaRun], Publication.Judge(Whole with { AaRunCoversZero = false }, Lost).Reasons.ToArray());

    [Fact]
    public void A_published_table_whose_watts_are_a_thousandfold_off_is_inconsistent()
    {
        Assert.False(Publication.IsConsistent(0.000156, 1847, 245.3));
        Assert.True(Publication.IsConsistent(0.1328, 1847, 245.3));
    }
}

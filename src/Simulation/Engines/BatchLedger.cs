namespace EnergyTTT.Simulation.Engines;

/// <summary>What steps of one batch size cost, added up.</summary>
public record struct BatchSum
{
    /// <summary>Steps.</summary>
    public double Steps { get; set; }

    /// <summary>Tokens.</summary>
    public double Tokens { get; set; }

    /// <summary>Joules of the MoE blocks.</summary>
    public double BlockJoules { get; set; }

    /// <summary>Joules of the whole model while it decodes.</summary>
    public double Joules { get; set; }

    /// <summary>Distinct experts per layer, times steps.</summary>
    public double Distinct { get; set; }

    /// <summary>Retained mass, times tokens.</summary>
    public double RetainedMass { get; set; }

    /// <summary>Adds another sum.</summary>
    public void Add(BatchSum other)
    {
        Steps += other.Steps;
        Tokens += other.Tokens;
        BlockJoules += other.BlockJoules;
        Joules += other.Joules;
        Distinct += other.Distinct;
        RetainedMass += other.RetainedMass;
    }
}

/// <summary>The work of an engine by batch size.</summary>
public sealed class BatchLedger(int greatestBatch)
{
    private readonly BatchSum[] _sums = new BatchSum[greatestBatch + 1];

    /// <summary>The least retained mass of any token that was selected.</summary>
    public double LeastRetainedMass { get; private set; } = 1;

    /// <summary>The work at one batch size.</summary>
    public BatchSum At(int batch) => _sums[batch];

    /// <summary>All work.</summary>
    public BatchSum Total
    {
        get
        {
            var total = default(BatchSum);
            foreach (var sum in _sums)
            {
                total.Add(sum);
            }

            return total;
        }
    }

    internal void Add(int batch, BatchSum sum, double leastMass)
    {
        _sums[batch].Add(sum);
        LeastRetainedMass = Math.Min(LeastRetainedMass, leastMass);
    }
}

using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.History.Deployments;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Deployments;

/// <summary>What deployments count.</summary>
public sealed class DeploymentInstruments : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _chunks;
    private readonly Counter<long> _tokens;
    private readonly Counter<double> _modelled;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _epochs;
    private readonly Gauge<double> _residual;

    /// <summary>Makes the instruments.</summary>
    public DeploymentInstruments(IMeterFactory meters)
    {
        _meter = meters.Create("EnergyTTT.Deployments");
        _chunks = _meter.CreateCounter<long>("energyttt.feedback.chunks", "{chunk}", "Chunks of feedback that were counted.");
        _tokens = _meter.CreateCounter<long>("energyttt.feedback.tokens", "{token}", "Tokens of those chunks, by arm.");
        _modelled = _meter.CreateCounter<double>("energyttt.deployment.modelled_energy", "J", "Joules of MoE layers by the cost table, by arm.");
        _refused = _meter.CreateCounter<long>("energyttt.feedback.refused", "{chunk}", "Chunks that were refused, by the first code.");
        _epochs = _meter.CreateCounter<long>("energyttt.epochs.issued", "{epoch}", "Epochs that were issued.");
        _residual = _meter.CreateGauge<double>("energyttt.energy.residual_ratio", "1", "Share of a deployment's counted joules that neither experts nor idling explain, over the last minute.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Counted(string deployment, ChunkFeedback feedback, double? modelledJoules)
    {
        var name = KeyValuePair.Create<string, object?>("deployment", deployment);
        var arm = KeyValuePair.Create<string, object?>("arm", feedback.Arm == SteeringArm.HeldOut ? "held_out" : "treated");
        _chunks.Add(1, name);
        _tokens.Add(feedback.Tokens, name, arm);
        if (modelledJoules is { } joules)
        {
            _modelled.Add(joules, name, arm);
        }
    }

    internal void Refused(string deployment, ImmutableArray<SteeringProblem> problems) =>
        _refused.Add(1, KeyValuePair.Create<string, object?>("deployment", deployment), KeyValuePair.Create<string, object?>("code", problems[0].Code));

    internal void Issued(string deployment) => _epochs.Add(1, KeyValuePair.Create<string, object?>("deployment", deployment));

    internal void Residual(string deployment, LedgerEntry wholeModel)
    {
        if (wholeModel is { CounterJoules: > 0, ResidualJoules: { } residual })
        {
            _residual.Record(residual / wholeModel.CounterJoules.Value, KeyValuePair.Create<string, object?>("deployment", deployment));
        }
    }
}

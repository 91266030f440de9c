using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Deployments;
using WireSpace = EnergyTTT.Wire.Deployments.BiasSpace;

namespace EnergyTTT.Client.Epochs;

/// <summary>
/// An epoch as the selectors of all layers take it, with the moment at which it must be forgotten on this process's monotonic clock. Immutable; equality is by reference.
/// </summary>
public sealed class EpochInForce
{
    private EpochInForce(long number, SteeringArm arm, ImmutableArray<SelectionEpoch> layers, long deadline, string digest, bool steers)
    {
        Number = number;
        Arm = arm;
        Layers = layers;
        Deadline = deadline;
        BiasSha256 = digest;
        Steers = steers;
    }

    /// <summary>The epoch's number; 0 is no epoch.</summary>
    public long Number { get; }

    /// <summary>Which side of the hold-out runs.</summary>
    public SteeringArm Arm { get; }

    /// <summary>What each layer's selector is told; plain top-k for every layer on the held-out side.</summary>
    public ImmutableArray<SelectionEpoch> Layers { get; }

    /// <summary>A timestamp of the clock; <see cref="long.MaxValue"/> never comes.</summary>
    public long Deadline { get; }

    /// <summary>SHA-256 over the biases of all layers in order, for the receipt; the held-out side keeps the digest of its epoch. Empty without an epoch.</summary>
    public string BiasSha256 { get; }

    /// <summary>Whether any selector does something else than plain top-k.</summary>
    public bool Steers { get; }

    /// <summary>No epoch at all.</summary>
    public static EpochInForce Unsteered(SelectorShape shape, int layers)
    {
        var baseline = SelectionEpoch.Baseline(shape);

        return new(0, SteeringArm.Treated, [.. Enumerable.Repeat(baseline, layers)], long.MaxValue, "", false);
    }

    /// <summary>The same instruction, to be forgotten later.</summary>
    internal EpochInForce Until(long deadline) => new(Number, Arm, Layers, deadline, BiasSha256, Steers);

    /// <summary>Checks a message and makes it usable.</summary>
    /// <param name="epoch">The message.</param>
    /// <param name="shape">What the engine's gates look like.</param>
    /// <param name="layers">The engine's number of layers.</param>
    /// <param name="deadline">The timestamp at which it must be forgotten.</param>
    /// <exception cref="SteeringMismatchException">It does not fit the engine; the message lists all that is wrong.</exception>
    public static EpochInForce Create(SteeringEpoch epoch, SelectorShape shape, int layers, long deadline)
    {
        var wrong = new List<string>();
        var space = ToSelection(epoch.BiasSpace);
        if (space != shape.BiasSpace)
        {
            wrong.Add($"its bias is in the space '{space.Name()}', this engine adds it in '{shape.BiasSpace.Name()}'");
        }

        if (epoch.Layers.Count != layers)
        {
            wrong.Add($"it has {epoch.Layers.Count} layers, this engine has {layers}");
        }

        var steered = new SelectionEpoch?[layers];
        foreach (var layer in epoch.Layers)
        {
            if (layer.Layer < 0 || layer.Layer >= layers || steered[layer.Layer] is not null)
            {
                wrong.Add($"layer {layer.Layer} is out of 0..{layers - 1} or comes twice");
                continue;
            }

            try
            {
                steered[layer.Layer] = Layer(epoch, layer, shape);
            }
            catch (ArgumentException error)
            {
                wrong.Add($"layer {layer.Layer}: {error.Message}");
            }
        }

        if (wrong.Count > 0)
        {
            throw new SteeringMismatchException($"Epoch {epoch.Epoch} does not fit this engine: {string.Join("; ", wrong)}.");
        }

        var treated = epoch.Arm == SteeringArm.Treated;
        var digest = Digest(steered!);
        // The held-out arm runs plain top-k under the epoch's number.
        ImmutableArray<SelectionEpoch> used = treated ? [.. steered!] : Unsteered(shape, layers).Layers;

        return new(epoch.Epoch, epoch.Arm, used, deadline, digest, treated);
    }

    internal static Selection.Gates.BiasSpace ToSelection(WireSpace space) => space switch
    {
        WireSpace.Logit => Selection.Gates.BiasSpace.Logit,
        WireSpace.SoftmaxScore => Selection.Gates.BiasSpace.SoftmaxScore,
        WireSpace.SigmoidScore => Selection.Gates.BiasSpace.SigmoidScore,
        WireSpace.SqrtSoftplusScore => Selection.Gates.BiasSpace.SqrtSoftplusScore,
        _ => throw new ArgumentOutOfRangeException(nameof(space), space, "unknown bias space"),
    };

    internal static WireSpace ToWire(Selection.Gates.BiasSpace space) => space switch
    {
        Selection.Gates.BiasSpace.Logit => WireSpace.Logit,
        Selection.Gates.BiasSpace.SoftmaxScore => WireSpace.SoftmaxScore,
        Selection.Gates.BiasSpace.SigmoidScore => WireSpace.SigmoidScore,
        Selection.Gates.BiasSpace.SqrtSoftplusScore => WireSpace.SqrtSoftplusScore,
        _ => throw new ArgumentOutOfRangeException(nameof(space), space, "unknown bias space"),
    };

    private static SelectionEpoch Layer(SteeringEpoch epoch, LayerSteering layer, SelectorShape shape)
    {
        var bias = layer.Bias is null ? new float[shape.Experts] : [.. layer.Bias];
        if (bias.Length != shape.Experts)
        {
            throw new ArgumentException($"bias has {bias.Length} numbers for {shape.Experts} experts");
        }

        var prices = layer.Prices is null ? [] : layer.Prices.ToArray();
        if (prices.Length > 0 && prices.Length != shape.Experts)
        {
            throw new ArgumentException($"there are {prices.Length} prices for {shape.Experts} experts");
        }

        if (!(layer.GuardBound is > 0 and <= 1))
        {
            throw new ArgumentException($"guard_bound is {layer.GuardBound}, it must be above 0 and at most 1");
        }

        var step = layer.BatchAware switch
        {
            "none" => BatchStep.None,
            "opportunistic" => BatchStep.OpportunisticActivation(
                layer.GuaranteedExperts ?? throw new ArgumentException("an opportunistic step needs guaranteed_experts of 1 or more")),
            "consolidate" => BatchStep.GreedyConsolidation((float)layer.GuardBound, prices.Length > 0),
            "marginal" => BatchStep.MarginalConsolidation((float)layer.GuardBound, priced: prices.Length > 0),
            _ => throw new ArgumentException($"batch_aware is '{layer.BatchAware}', it must be one of none, opportunistic, consolidate, marginal"),
        };

        // Expiry is this class's, by the monotonic clock: a step back of the wall clock must not revive an epoch.
        return new SelectionEpoch(epoch.Epoch, layer.Strategy, bias, shape.BiasSpace, (float)layer.GuardBound, step, prices, null, epoch.PolicyVersion);
    }

    private static string Digest(SelectionEpoch[] layers)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        foreach (var layer in layers)
        {
            foreach (var bias in layer.Bias)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes, bias);
                sha.AppendData(bytes);
            }
        }

        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }
}

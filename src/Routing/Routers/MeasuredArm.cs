using EnergyTTT.Routing.KernelCosts;

namespace EnergyTTT.Routing.Routers;

/// <summary>The measured blocks of one arm, steered or not.</summary>
/// <param name="Blocks">Blocks counted.</param>
/// <param name="Tokens">Their tokens.</param>
/// <param name="JoulesPerToken">All joules over all tokens; <see langword="null"/> without a block.</param>
/// <param name="JoulesPerTokenCi95">Half-width of the 95 % interval of the blocks' mean; <see langword="null"/> with fewer than two.</param>
/// <param name="Watts">All joules over all seconds; <see langword="null"/> without a block.</param>
public sealed record MeasuredArm(int Blocks, long Tokens, double? JoulesPerToken, double? JoulesPerTokenCi95, double? Watts);

/// <summary>Adds up the blocks of one arm. Not thread-safe.</summary>
internal sealed class ArmTally
{
    private double _joules, _seconds, _mean, _squares;
    private long _tokens;
    private int _blocks;

    public void Add(long tokens, double joules, double seconds)
    {
        (_tokens, _joules, _seconds) = (_tokens + tokens, _joules + joules, _seconds + seconds);
        _blocks++;

        // Welford.
        var value = joules / tokens;
        var difference = value - _mean;
        _mean += difference / _blocks;
        _squares += difference * (value - _mean);
    }

    public MeasuredArm Read() => _blocks == 0 ? new(0, 0, null, null, null) : new(
        _blocks, _tokens, _joules / _tokens, _blocks < 2 ? null : LinearFit.StudentT975(_blocks - 1) * Math.Sqrt(_squares / (_blocks - 1) / _blocks), _joules / _seconds);
}

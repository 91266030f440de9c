namespace EnergyTTT.Evidence.Switchbacks;

/// <summary>How long a block has to be, and how much of its start is dropped.</summary>
/// <param name="Seconds">Length in seconds, warm-up included.</param>
/// <param name="WarmupSeconds">Dropped from the start.</param>
public readonly record struct BlockLength(double Seconds, double WarmupSeconds)
{
    /// <summary>
    /// <c>max(least seconds, 3 tau, least tokens / rate)</c> after a warm-up of <c>max(warm-up, tau)</c>: long enough for heat to settle and for the counter's edges not to matter.
    /// </summary>
    /// <param name="thermalSeconds">tau: the slow time constant of the card, 0 or more.</param>
    /// <param name="tokensPerSecond">The expected rate; 0 leaves the tokens out.</param>
    /// <remarks>Source: router specification, 3.8.</remarks>
    public static BlockLength Of(double thermalSeconds, double tokensPerSecond, SwitchbackOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(thermalSeconds);
        ArgumentOutOfRangeException.ThrowIfNegative(tokensPerSecond);
        options ??= new();
        var warmup = Math.Max(options.WarmupSeconds, thermalSeconds);
        var tokens = tokensPerSecond > 0 ? options.LeastTokens / tokensPerSecond : 0;
        return new(warmup + Math.Max(options.LeastSeconds, Math.Max(3 * thermalSeconds, tokens)), warmup);
    }
}

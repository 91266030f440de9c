namespace EnergyTTT.Cli.Selections;

/// <summary>One line of <c>bench routing</c>.</summary>
/// <param name="Name">What was timed.</param>
/// <param name="Value">The figure, the median over rounds.</param>
/// <param name="Best">The best round.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Bar">The bar it is held to, or null.</param>
/// <param name="Held">Whether the median meets the bar; null without one.</param>
internal sealed record BenchCase(string Name, double Value, double Best, string Unit, string? Bar = null, bool? Held = null);

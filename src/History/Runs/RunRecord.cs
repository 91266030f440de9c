using EnergyTTT.Wire.Runs;

namespace EnergyTTT.History.Runs;

/// <summary>A run as the history has it.</summary>
/// <param name="Bundle">All of it; its state is what the history knows, which is more than a recorder that fell silent could say.</param>
/// <param name="Recorded">When the server first heard of it.</param>
/// <param name="Heard">When its recorder was last heard of.</param>
/// <param name="Source"><c>live</c> or <c>imported</c>.</param>
/// <param name="Recorder">Who recorded it: a key's or a person's name.</param>
/// <param name="Settled">Whether its recorder itself said how it ended: then it no longer changes.</param>
/// <param name="Digest">SHA-256 of the content of its bundle, lower-case hexadecimal; null while nobody has handed in a whole one.</param>
public sealed record RunRecord(RunBundle Bundle, DateTimeOffset Recorded, DateTimeOffset Heard, string Source, string Recorder, bool Settled, string? Digest);

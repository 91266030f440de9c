namespace EnergyTTT.Experiments.Corpora;

/// <summary>A piece of text of one domain, in paragraphs.</summary>
/// <param name="Domain">Where it comes from: the name of a library, or of a file.</param>
/// <param name="Paragraphs">The text, in reading order.</param>
public sealed record TextDocument(string Domain, IReadOnlyList<string> Paragraphs);

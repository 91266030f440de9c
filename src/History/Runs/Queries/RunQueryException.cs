using System.Globalization;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>A question about runs that cannot be understood, with where and what was expected there.</summary>
public sealed class RunQueryException : Exception
{
    /// <summary>A mistake in a text.</summary>
    /// <param name="code">Stable, lower case with underscores, such as <c>syntax</c>.</param>
    /// <param name="position">The first character at fault, 1-based; the length of the text + 1 when something is missing at its end.</param>
    /// <param name="length">Characters at fault; 0 when something is missing.</param>
    /// <param name="found">What stands there.</param>
    /// <param name="expected">What could stand there.</param>
    public RunQueryException(string code, int position, int length, string found, string expected)
        : base(string.Create(CultureInfo.InvariantCulture, $"At character {position}: {found}; expected {expected}.")) =>
        (Code, Position, Length, Expected) = (code, position, length, expected);

    /// <summary>A stable word for programs.</summary>
    public string Code { get; }

    /// <summary>The first character at fault, 1-based.</summary>
    public int Position { get; }

    /// <summary>Characters at fault.</summary>
    public int Length { get; }

    /// <summary>What could stand there.</summary>
    public string Expected { get; }
}

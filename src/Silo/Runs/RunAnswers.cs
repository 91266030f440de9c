using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Silo.Runs;

/// <summary>What becomes of runs, as answers of HTTP with stable codes.</summary>
internal static class RunAnswers
{
    /// <summary>The answer to something that was to be recorded.</summary>
    /// <param name="decision">What became of it.</param>
    /// <param name="created">The status of what is new.</param>
    public static IResult Of(RunDecision decision, int created = StatusCodes.Status200OK) => decision.Outcome switch
    {
        RunOutcome.Recorded => TypedResults.Json(decision, WireJson.Default.RunDecision, statusCode: created),
        RunOutcome.Unchanged => TypedResults.Json(decision, WireJson.Default.RunDecision),
        RunOutcome.Unknown => Unknown(null).ToResult(),
        RunOutcome.Ended => new Problem(409, "run_ended", "The run has ended.", "A run whose end was recorded no longer changes; begin another one.").ToResult(),
        RunOutcome.Differs => new Problem(409, "run_differs", "The history has something else in its place.", Sentence(decision.Explanation)).ToResult(),
        RunOutcome.Foreign => new Problem(403, "not_the_recorder", "Somebody else records this run.", Sentence(decision.Explanation)).ToResult(),
        _ => new Problem(422, "invalid_run", "The run cannot be recorded.", Sentence(decision.Explanation)).ToResult(),
    };

    /// <summary>There is no such run.</summary>
    public static Problem Unknown(string? id) => new(404, "run_unknown", "There is no such run.", id is null ? "It was never begun here." : $"No run has the identity '{id}'.");

    /// <summary>The question is not understood.</summary>
    /// <param name="wrong">Where, and what was expected there.</param>
    /// <param name="parameter">Which part of the question.</param>
    public static Problem Of(RunQueryException wrong, string parameter) => new(400, "invalid_" + parameter, $"The parameter {parameter} is not understood ({wrong.Code}).", wrong.Message)
    {
        Position = wrong.Position,
        Length = wrong.Length,
        Expected = wrong.Expected,
    };

    /// <summary>The answer would take too long.</summary>
    public static Problem Of(RunQueryTooSlowException slow) => new(422, "too_slow", "The answer takes too long.", slow.Message);

    private static string? Sentence(string? text) => text is { Length: > 0 } ? char.ToUpperInvariant(text[0]) + text[1..] + "." : null;
}

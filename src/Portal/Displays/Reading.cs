namespace EnergyTTT.Portal.Displays;

/// <summary>A number ready to be shown: its text, its unit beside it, and whether there was a number at all.</summary>
/// <param name="Text">The digits in the person's culture; an en dash where no sensor spoke.</param>
/// <param name="Unit">The unit, such as <c>kW</c>; empty for a pure number.</param>
/// <param name="IsKnown">False where there was no number: never shown as 0.</param>
public readonly record struct Reading(string Text, string Unit, bool IsKnown)
{
    /// <summary>No sensor spoke.</summary>
    public static Reading None { get; } = new("–", "", false);

    /// <summary>What a screen reader says: the number with its unit, or that there is no data.</summary>
    public string Spoken => !IsKnown ? "no data" : Unit.Length == 0 ? Text : Text + " " + Unit;

    /// <inheritdoc/>
    public override string ToString() => Spoken;
}

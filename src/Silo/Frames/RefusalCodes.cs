namespace EnergyTTT.Silo.Frames;

/// <summary>The stable codes of refused items and of remarks in a receipt. They are a contract: never renamed, never reused.</summary>
internal static class RefusalCodes
{
    /// <summary>A required field is not there or null.</summary>
    public const string Missing = "missing";

    /// <summary>The JSON type is another one than the field's.</summary>
    public const string WrongType = "wrong_type";

    /// <summary>A text that is no GPU identity, no RFC 3339 time or none of the known words.</summary>
    public const string Invalid = "invalid";

    /// <summary>Below zero where only zero and more can be.</summary>
    public const string Negative = "negative";

    /// <summary>Too great for the field's number type.</summary>
    public const string Overflow = "overflow";

    /// <summary>Outside the range in which a reading is believed.</summary>
    public const string OutOfRange = "out_of_range";

    /// <summary>More power, or more energy per second, than 1.5 times the card's limit.</summary>
    public const string AboveLimit = "above_power_limit";

    /// <summary>The frame's time is more than five minutes ahead of the server's; kept apart and counted as quarantined.</summary>
    public const string ClockAhead = "clock_ahead";

    /// <summary>The frame is older than the retention of frames.</summary>
    public const string TooOld = "too_old";

    /// <summary>A remark, not a refusal: the reading was a "no reading" number and became null; the frame is accepted.</summary>
    public const string Sentinel = "sentinel";

    /// <summary>Every code, in the order of this page.</summary>
    public static readonly string[] All = [Missing, WrongType, Invalid, Negative, Overflow, OutOfRange, AboveLimit, ClockAhead, TooOld, Sentinel];
}

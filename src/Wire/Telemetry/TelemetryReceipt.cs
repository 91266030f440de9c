namespace EnergyTTT.Wire.Telemetry;

/// <summary>The answer to a <see cref="TelemetryBatch"/>, given only after PostgreSQL has committed what was accepted.</summary>
/// <param name="Accepted">Frames that are now stored for the first time.</param>
/// <param name="Duplicates">Frames that had been stored before and were left as they are.</param>
/// <param name="Rejected">What was refused, or accepted with a remark (code <c>sentinel</c>), item by item.</param>
public sealed record TelemetryReceipt(int Accepted, int Duplicates, IReadOnlyList<RejectedItem> Rejected);

/// <summary>One refused item, or one remark.</summary>
/// <param name="Index">Position in <see cref="TelemetryBatch.Frames"/>.</param>
/// <param name="Field">The field at fault in its wire spelling.</param>
/// <param name="Code">A stable code, such as <c>negative</c>, <c>clock_ahead</c> or <c>sentinel</c>.</param>
/// <param name="Reason">The value, the bound and the way out, for a person.</param>
public sealed record RejectedItem(int Index, string Field, string Code, string Reason);

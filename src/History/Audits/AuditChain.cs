using System.Globalization;

namespace EnergyTTT.History.Audits;

/// <summary>Follows the log from its first entry and says where it was tampered with, if it was.</summary>
public sealed class AuditChain
{
    private ReadOnlyMemory<byte> _head = AuditEntry.Beginning;

    /// <summary>Entries followed so far that are whole.</summary>
    public long Entries { get; private set; }

    /// <summary>SHA-256 of the last of them as 64 hexadecimal digits. Who keeps it elsewhere can tell later that nothing was cut off the end.</summary>
    public string Head => Convert.ToHexStringLower(_head.Span);

    /// <summary>The number of the first entry that does not follow; null while all is well.</summary>
    public long? BrokenAt { get; private set; }

    /// <summary>What is wrong, naming the entry; null while all is well.</summary>
    public string? Fault { get; private set; }

    /// <summary>Takes the next entry; false when it does not follow, and the rest need not be looked at.</summary>
    public bool Follow(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Fault = entry.Number != Entries + 1 ? Say(entry, $"entry {Entries + 1} is missing")
            : !entry.Previous.Span.SequenceEqual(_head.Span) ? Say(entry, "it does not carry the hash of the entry before it")
            : !entry.IsWhole() ? Say(entry, "its hash is not that of its content")
            : null;
        if (Fault is not null)
        {
            BrokenAt = entry.Number;
            return false;
        }

        Entries = entry.Number;
        _head = entry.Hash;
        return true;
    }

    private static string Say(AuditEntry entry, string what) => string.Create(
        CultureInfo.InvariantCulture, $"The chain breaks at entry {entry.Number} ({entry.Time.UtcDateTime:u}, {entry.Actor}, {entry.Action}): {what}.");
}

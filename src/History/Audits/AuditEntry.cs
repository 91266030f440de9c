using System.Security.Cryptography;
using System.Text;

namespace EnergyTTT.History.Audits;

/// <summary>One line of the audit log. <see cref="Hash"/> covers all the other fields, that of the entry before it included.</summary>
/// <param name="Number">1 for the first; without gaps.</param>
/// <param name="Time">When, UTC, to the microsecond.</param>
/// <param name="Actor">Who: <c>person/NAME</c>, <c>key/ID</c>, <c>cli</c> (who owns the data folder) or <c>server</c>.</param>
/// <param name="Action">What was done, such as <c>key.create</c>.</param>
/// <param name="Subject">To what, such as <c>key/Ab12Cd34</c>.</param>
/// <param name="Detail">Further facts as JSON text, never a secret.</param>
/// <param name="Previous">SHA-256 of the entry before, 32 bytes; zeros for the first.</param>
/// <param name="Hash">SHA-256 of this entry, 32 bytes.</param>
public sealed record AuditEntry(long Number, DateTimeOffset Time, string Actor, string Action, string Subject, string Detail, ReadOnlyMemory<byte> Previous, ReadOnlyMemory<byte> Hash)
{
    /// <summary>What the first entry follows.</summary>
    public static ReadOnlyMemory<byte> Beginning { get; } = new byte[SHA256.HashSizeInBytes];

    /// <summary>
    /// SHA-256 over number and time (microseconds since 1970, both 8 bytes little-endian), then actor, action, subject and detail as UTF-8, each
    /// behind its length (4 bytes little-endian), then the hash of the entry before. Lengths keep two different entries from having one text.
    /// </summary>
    public static byte[] HashOf(long number, DateTimeOffset time, string actor, string action, string subject, string detail, ReadOnlySpan<byte> previous)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(number);
            writer.Write((time.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
            foreach (var text in new[] { actor, action, subject, detail })
            {
                var encoded = Encoding.UTF8.GetBytes(text);
                writer.Write(encoded.Length);
                writer.Write(encoded);
            }

            writer.Write(previous);
        }

        return SHA256.HashData(bytes.ToArray());
    }

    /// <summary>Whether <see cref="Hash"/> is that of the other fields.</summary>
    public bool IsWhole() => Hash.Span.SequenceEqual(HashOf(Number, Time, Actor, Action, Subject, Detail, Previous.Span));
}

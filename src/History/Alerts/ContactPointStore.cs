using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Json;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Alerts;

/// <summary>Who is told, in <c>alert.contact_point</c>. Secrets go in and come out for signing only.</summary>
public sealed class ContactPointStore(NpgsqlDataSource source, SecretBox box, TimeProvider clock)
{
    /// <summary>All of them, by name.</summary>
    public Task<List<ContactPointView>> All(CancellationToken cancellationToken) => AlertRows.Read(
        source,
        "select document, secret is not null, author, changed_at from alert.contact_point order by name",
        reader => new ContactPointView(AlertRows.Document(reader, 0, WireJson.Default.ContactPoint), reader.GetBoolean(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3)),
        cancellationToken);

    /// <summary>One with the secret that signs for it; the secret is null when there is none or it cannot be opened here.</summary>
    public async Task<(ContactPoint Contact, string? Secret)?> Find(string name, CancellationToken cancellationToken) => (await AlertRows.Read(
        source,
        "select document, secret from alert.contact_point where name = $1",
        reader => (AlertRows.Document(reader, 0, WireJson.Default.ContactPoint), reader.IsDBNull(1) ? null : box.Open(reader.GetFieldValue<byte[]>(1))),
        cancellationToken,
        AlertRows.Plain(name))) is [var found] ? found : null;

    /// <summary>Writes one; a secret that is null leaves the one that is there.</summary>
    public Task Put(ContactPoint contact, string? secret, string author, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(contact);

        // language=sql
        const string Sql =
            """
            insert into alert.contact_point as known (name, document, secret, author, changed_at)
            values ($1, $2, $3, $4, $5)
            on conflict (name) do update
            set document = excluded.document,
                secret = coalesce(excluded.secret, known.secret),
                author = excluded.author,
                changed_at = excluded.changed_at
            """;
        return AuditedChange.Execute(
            source, clock, Sql, author, "alert.contact.save", "alert/contact/" + contact.Name,
            new Dictionary<string, string?> { ["kind"] = contact.Kind.ToString().ToLowerInvariant(), ["url"] = Host(contact.Url), ["to"] = contact.To is null ? null : string.Join(", ", contact.To), ["secret"] = secret is null ? "kept" : "new" },
            cancellationToken,
            AlertRows.Plain(contact.Name), AlertRows.Json(contact, WireJson.Default.ContactPoint),
            new() { Value = secret is null ? DBNull.Value : box.Close(secret), NpgsqlDbType = NpgsqlDbType.Bytea }, AlertRows.Plain(author), AlertRows.Moment(clock.GetUtcNow()));
    }

    /// <summary>Removes one; false when there is none.</summary>
    public Task<bool> Remove(string name, string author, CancellationToken cancellationToken) => AuditedChange.Execute(
        source, clock, "delete from alert.contact_point where name = $1", author, "alert.contact.delete", "alert/contact/" + name, new Dictionary<string, string?>(), cancellationToken, AlertRows.Plain(name));

    // The path of many hooks is their secret, so only the host goes into the log.
    private static string? Host(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var address) ? address.GetLeftPart(UriPartial.Authority) : null;
}

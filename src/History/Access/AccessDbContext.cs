using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace EnergyTTT.History.Access;

/// <summary>
/// ASP.NET Core Identity over the tables of migration 0003. The schema belongs to <c>db/migrations</c>: this context never
/// creates or migrates anything. For passkeys the application sets <c>IdentityOptions.Stores.SchemaVersion</c> to version 3.
/// </summary>
public sealed class AccessDbContext(DbContextOptions<AccessDbContext> options) : IdentityDbContext<Person, IdentityRole<Guid>, Guid>(options)
{
    /// <inheritdoc/>
    protected override Version SchemaVersion => IdentitySchemaVersions.Version3;

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.HasDefaultSchema("access");
        builder.Entity<Person>().ToTable("person");
        builder.Entity<IdentityRole<Guid>>().ToTable("role");
        builder.Entity<IdentityUserRole<Guid>>().ToTable("person_role");
        builder.Entity<IdentityUserClaim<Guid>>().ToTable("person_claim");
        builder.Entity<IdentityRoleClaim<Guid>>().ToTable("role_claim");
        builder.Entity<IdentityUserLogin<Guid>>().ToTable("person_login");
        builder.Entity<IdentityUserToken<Guid>>().ToTable("person_token");
        builder.Entity<IdentityUserPasskey<Guid>>().ToTable("person_passkey");
        foreach (var entity in builder.Model.GetEntityTypes())
        {
            if (entity.IsMappedToJson())
            {
                continue; // The names inside a document are Identity's own.
            }

            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(property.Name == "UserId" ? "person_id" : SnakeCase(property.Name));
            }
        }

        builder.Entity<IdentityUserPasskey<Guid>>().OwnsOne(passkey => passkey.Data).ToJson("data");
    }

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? "_" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));
}

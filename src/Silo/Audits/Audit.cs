using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Identity;

namespace EnergyTTT.Silo.Audits;

/// <summary>Lets what people do be noted.</summary>
internal static class Audit
{
    /// <summary>Puts the noting managers into the place of Identity's own; after the portal has registered them.</summary>
    public static void AddAuditOfPeople(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(UserManager<Person>)))
        {
            services.AddScoped<UserManager<Person>, AuditedPeople>();
            services.AddScoped<SignInManager<Person>, AuditedSignIns>();
        }
    }

    /// <summary>How the log names whoever is signed in: <c>key/ID</c> as it is, a person as <c>person/NAME</c>.</summary>
    public static string Actor(string? name) => name is null ? "nobody" : name.StartsWith("key/", StringComparison.Ordinal) ? name : "person/" + name;
}

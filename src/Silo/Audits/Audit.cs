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
}

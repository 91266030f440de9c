using EnergyTTT.Contracts.Access;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Access;

/// <summary>Lets grains know on whose behalf a request asks, and turns their refusal into 403.</summary>
internal static class Callers
{
    /// <summary>After authentication; telemetry goes another, faster way and speaks for nobody but its host.</summary>
    public static void UseCallers(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        Caller.Set(Caller.Of(context.User));
        try
        {
            await next(context);
        }
        catch (NotAllowedException refusal) when (!context.Response.HasStarted)
        {
            await context.Response.Write(new Problem(403, "scope_not_allowed", "This is outside of what you may change.", refusal.Message), context.RequestAborted);
        }
    });
}

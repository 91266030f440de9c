using EnergyTTT.Contracts.Access;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace EnergyTTT.Portal.Access;

/// <summary>Says, for every event that a browser sends over a circuit, on whose behalf it is handled, so that grains can ask.</summary>
public sealed class CircuitCaller(AuthenticationStateProvider people) : CircuitHandler
{
    /// <inheritdoc/>
    public override Func<CircuitInboundActivityContext, Task> CreateInboundActivityHandler(Func<CircuitInboundActivityContext, Task> next) => async context =>
    {
        Caller.Set(Caller.Of((await people.GetAuthenticationStateAsync()).User));
        await next(context);
    };
}

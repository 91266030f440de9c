using System.Runtime.CompilerServices;
using System.Text.Json;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Silo.Deployments;

/// <summary>An epoch as an answer; its text is written once, however many engines get it.</summary>
internal sealed class EpochAnswer(SteeringEpoch epoch) : IResult
{
    private static readonly ConditionalWeakTable<SteeringEpoch, byte[]> Texts = [];

    public Task ExecuteAsync(HttpContext httpContext)
    {
        // Without layers it is made anew for every answer and is not worth keeping.
        var text = epoch.Layers.Count == 0 ? Write(epoch) : Texts.GetValue(epoch, Write);
        httpContext.Response.ContentType = "application/json";
        httpContext.Response.ContentLength = text.Length;
        return httpContext.Response.Body.WriteAsync(text, httpContext.RequestAborted).AsTask();
    }

    private static byte[] Write(SteeringEpoch epoch) => JsonSerializer.SerializeToUtf8Bytes(epoch, WireJson.Default.SteeringEpoch);
}

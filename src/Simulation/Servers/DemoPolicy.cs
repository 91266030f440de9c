using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EnergyTTT.Client.Http;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Simulation.Servers;

/// <summary>
/// What a simulated deployment needs to be steered: the mode <c>enforce</c> and promotion by decision, since simulated joules promote nothing. Put once per deployment; a policy that a
/// person has set since is left alone.
/// </summary>
internal static class DemoPolicy
{
    private const string Reason = "The demo steers its simulated deployments at once and holds out more than a real fleet would.";

    public static async Task Put(HttpClient client, Uri server, IEnumerable<string> deployments, double holdOutShare, CancellationToken cancellationToken)
    {
        var change = new PolicyChange(new PolicyDocument { Mode = SteeringMode.Enforce, Promotion = PromotionEvidence.Immediate, HoldOutShare = holdOutShare }, Reason);
        var body = JsonSerializer.SerializeToUtf8Bytes(change, WireJson.Default.PolicyChange);
        foreach (var deployment in deployments)
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(server, $"/v1/policies/{PolicyScopes.Deployment(deployment)}")) { Content = content };
            request.Headers.TryAddWithoutValidation("If-Match", "\"0\"");
            using var response = await client.SendAsync(request, cancellationToken);
            // 412: somebody has set one, perhaps the demo's last start.
            if (!response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.PreconditionFailed)
            {
                throw new SteeringRefusedException(response.StatusCode, "policy", await response.Content.ReadAsStringAsync(cancellationToken));
            }
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace EnergyTTT.Cli.Servers;

/// <summary>Asks a server and tells a person what went wrong, in the server's own words.</summary>
internal static class ServerAnswer
{
    /// <summary>Sends the request; null, after a sentence on the error output, when the answer is not a success. An empty success is an empty object.</summary>
    public static async Task<JsonNode?> Ask(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text);
            }

            await Console.Error.WriteLineAsync($"{client.BaseAddress} answered {(int)response.StatusCode}: {Reason(text)}");
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"{client.BaseAddress} does not answer: {exception.Message} Name another server with --server.");
        }

        return null;
    }

    private static string Reason(string text)
    {
        try
        {
            var problem = JsonNode.Parse(text);
            return $"{problem?["title"]} {problem?["detail"]}".Trim();
        }
        catch (JsonException)
        {
            return "no reason given.";
        }
    }
}

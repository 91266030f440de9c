using System.Text.Json;
using System.Text.Json.Nodes;

namespace EnergyTTT.Cli.Runs;

/// <summary>Asks a server about runs; a mistake in a query is shown below the query, where it is.</summary>
internal static class RunsAnswer
{
    /// <summary>Sends the request; null, after an explanation on the error output, when the answer is not a success.</summary>
    public static async Task<JsonNode?> Ask(HttpClient client, HttpRequestMessage request, string? query, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            }

            await Explain(client, response, query, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"{client.BaseAddress} does not answer: {exception.Message} Name another server with --server.");
        }

        return null;
    }

    /// <summary>Says why an answer is no success.</summary>
    public static async Task Explain(HttpClient client, HttpResponseMessage response, string? query, CancellationToken cancellationToken)
    {
        JsonNode? problem = null;
        try
        {
            problem = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (JsonException)
        {
            // A proxy's page, perhaps: the status has to do.
        }

        if ((string?)problem?["code"] == "invalid_q" && query is not null && !query.AsSpan().ContainsAny('\r', '\n') && (int?)problem["position"] is { } position)
        {
            await Console.Error.WriteLineAsync(query);
            await Console.Error.WriteLineAsync(new string(' ', position - 1) + new string('^', Math.Max(1, (int?)problem["length"] ?? 1)));
        }

        await Console.Error.WriteLineAsync($"{client.BaseAddress} answered {(int)response.StatusCode}: {problem?["title"] ?? "no reason given."} {problem?["detail"]}".TrimEnd());
    }
}

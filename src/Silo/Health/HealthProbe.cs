namespace EnergyTTT.Silo.Health;

/// <summary>
/// <c>EnergyTTT.Silo health [ADDRESS]</c>: asks a running server whether it is ready, for health checks in images that have no HTTP client. Exit code 0 when it
/// is, 1 with one sentence when it is not, 2 for a wrong address. Nothing else of the server is started.
/// </summary>
internal static class HealthProbe
{
    /// <summary>The word on the command line.</summary>
    public const string Verb = "health";

    private const string DefaultAddress = "http://127.0.0.1:8080";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Asks <c>/health/ready</c> of the address.</summary>
    public static async Task<int> Run(string[] arguments)
    {
        var text = arguments is [var given] ? given : DefaultAddress;
        if (arguments.Length > 1 || !Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            await Console.Error.WriteLineAsync($"usage: EnergyTTT.Silo {Verb} [ADDRESS], such as {DefaultAddress}; '{string.Join(' ', arguments)}' is no address.");
            return 2;
        }

        using var client = new HttpClient { BaseAddress = address, Timeout = Patience };
        try
        {
            using var response = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            var says = await response.Content.ReadAsStringAsync();
            Console.WriteLine($"{(int)response.StatusCode} {says}");
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"{address} does not answer: {exception.Message}");
            return 1;
        }
    }
}

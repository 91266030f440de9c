using System.Data.Common;
using EnergyTTT.Portal.Access;
using EnergyTTT.Silo.Settings;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace EnergyTTT.Silo.Starts;

/// <summary>What a person who started the product wants to read: where it is and how to get in.</summary>
internal static class Announcement
{
    private static readonly TimeSpan PauseBetweenTries = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Starts the application, prints its address, and the one-time set-up token while nobody has an account; completes when it has stopped.
    /// Answers the exit code: 0 when it was asked to stop; 2, after one sentence, when the address cannot be listened on; 1 when a part of it failed or could not be
    /// stopped in time, so that whatever supervises the process starts it again.
    /// </summary>
    public static async Task<int> RunAndAnnounce(this WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException or FormatException)
        {
            await Console.Error.WriteLineAsync($"EnergyTTT cannot start: {exception.Message} Name another address with --urls, such as --urls http://127.0.0.1:8081.");
            await app.DisposeAsync();
            return 2;
        }

        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        Console.WriteLine($"EnergyTTT is ready at {string.Join(", ", addresses)}");
        var settings = app.Services.GetRequiredService<ServerSettings>();
        if (settings.Demo)
        {
            Console.WriteLine("The demo is on: 64 virtual GPUs replay a recorded H100, and a simulated fleet of 64 GPUs and 4 deployments is steered. Nothing they show is a measurement of this machine.");
        }

        var announcing = settings.Roles.HasFlag(Roles.Portal) ? AnnounceSetUp(app.Services, app.Lifetime.ApplicationStopping) : Task.CompletedTask;
        var background = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
        var late = false;
        try
        {
            await app.WaitForShutdownAsync();
        }
        catch (OperationCanceledException)
        {
            // The database is away, most likely; nobody was told that what still waits is stored.
            late = true;
        }

        await announcing;

        // Writes out what was logged last: it says why the server stopped.
        await app.DisposeAsync();
        var failed = background.Where(service => service.ExecuteTask is { IsFaulted: true }).Select(service => service.GetType().Name).ToList();
        if (failed.Count > 0 || late)
        {
            await Console.Error.WriteLineAsync(failed.Count > 0 ? $"EnergyTTT ended because {string.Join(", ", failed)} failed." : "EnergyTTT could not stop in time and ended.");
        }

        return failed.Count > 0 || late ? 1 : 0;
    }

    /// <summary>A disk that is full or a database that is away at this moment must not end a server that runs: it tries again until the token is printed.</summary>
    private static async Task AnnounceSetUp(IServiceProvider services, CancellationToken stopping)
    {
        for (var first = true; !stopping.IsCancellationRequested; first = false)
        {
            try
            {
                await using var scope = services.CreateAsyncScope();
                if (await scope.ServiceProvider.GetRequiredService<FirstAdministrator>().IsWanted(stopping))
                {
                    Console.WriteLine($"One-time set-up token: {services.GetRequiredService<SetupToken>().Read()}");
                }

                return;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or DbException or InvalidOperationException or TimeoutException or OperationCanceledException)
            {
                if (first && !stopping.IsCancellationRequested)
                {
                    await Console.Error.WriteLineAsync($"The set-up token cannot be made at the moment and is tried again: {exception.Message}");
                }
            }

            await Task.Delay(PauseBetweenTries, services.GetRequiredService<TimeProvider>(), stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

using EnergyTTT.History.Frames;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EnergyTTT.History.Tests.Frames;

/// <summary>The room as the product registers it, with the frame writer running.</summary>
internal sealed class WriterUnderTest : IAsyncDisposable
{
    private WriterUnderTest(ServiceProvider provider) => Provider = provider;

    public ServiceProvider Provider { get; }

    public FrameWriter Writer => Provider.GetRequiredService<FrameWriter>();

    public static async Task<WriterUnderTest> Start(string connectionString, Action<IServiceCollection>? adjust = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddHistory(connectionString);
        adjust?.Invoke(services);
        var started = new WriterUnderTest(services.BuildServiceProvider());
        await started.Writer.StartAsync(CancellationToken.None);
        await started.UntilReady();
        return started;
    }

    /// <summary>Waits until the writer has found its database; fails after 30 s.</summary>
    public async Task UntilReady()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!Writer.Ready)
        {
            await Task.Delay(10, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.StopAsync(CancellationToken.None);
        await Provider.DisposeAsync();
    }
}

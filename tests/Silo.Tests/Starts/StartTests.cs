using System.Diagnostics;
using EnergyTTT.History.Servers;
using EnergyTTT.Silo.Tests.Products;
using Xunit;

namespace EnergyTTT.Silo.Tests.Starts;

/// <summary>A start that cannot be is one plain sentence with a way out, exit code 2, and no stack trace.</summary>
[Collection(ProductCollection.Name)]
public sealed class StartTests(ProductFixture product)
{
    [Theory]
    [InlineData("Hots=nowhere", "ConnectionStrings:EnergyTTT cannot be read")]
    [InlineData("Username=ada", "names no host or no database")]
    [InlineData("Host=127.0.0.1;Port=1;Database=x;Username=y;Password=secret-word", "Check ConnectionStrings__EnergyTTT")]
    public async Task A_database_that_cannot_be_reached_is_named(string connection, string sentence)
    {
        var (code, said) = await Start(connection, "http://127.0.0.1:" + Product.FreePort());

        Assert.Equal(2, code);
        Assert.Contains("EnergyTTT cannot start: ", said, StringComparison.Ordinal);
        Assert.Contains(sentence, said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_named_with_the_way_out()
    {
        var (code, said) = await Start(product.ConnectionString, product.Product.Server.AbsoluteUri.TrimEnd('/'));

        Assert.Equal(2, code);
        Assert.Contains("address already in use", said, StringComparison.Ordinal);
        Assert.Contains("--urls", said, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Said)> Start(string connection, string address)
    {
        var folder = Path.Combine(Path.GetTempPath(), "energyttt-start-" + Guid.NewGuid().ToString("N")[..8]);
        var start = new ProcessStartInfo("dotnet", [Product.Program, "--urls", address]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment[DataFolder.Variable] = folder;
        start.Environment["ConnectionStrings__EnergyTTT"] = connection;
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started.");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var error = await process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        _ = await output;
        return (process.ExitCode, error);
    }
}

using System.Text.Json.Nodes;
using EnergyTTT.Faults.Databases;
using EnergyTTT.Faults.Loads;
using EnergyTTT.Faults.Networks;
using EnergyTTT.History.Access;
using EnergyTTT.Testing.Products;
using Npgsql;
using Xunit;

namespace EnergyTTT.Faults.Clusters;

/// <summary>Two servers on one PostgreSQL, as real processes, each always at its own address.</summary>
internal sealed class TwoSilos : IAsyncDisposable
{
    private static readonly string[] Quick = ["--Deployments:Shadow", "00:00:01", "--Deployments:EpochInterval", "00:00:01", "--Routers:SnapshotUpdates", "2"];
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "energyttt-fault-" + Guid.NewGuid().ToString("N")[..8]);
    private readonly int[] _ports = [Product.FreePort(), Product.FreePort()];
    private readonly Product?[] _silos = new Product?[2];

    private readonly TwoHosts? _hosts;

    private TwoSilos(RealPostgres database, TwoHosts? hosts)
    {
        Database = database;
        Source = database.Open();
        _hosts = hosts;
    }

    public RealPostgres Database { get; }

    public NpgsqlDataSource Source { get; }

    /// <summary>A key that may do all that the loads do.</summary>
    public string Key { get; private set; } = "";

    public IReadOnlyList<Uri> Servers => [.. _ports.Select((port, silo) => new Uri($"http://{AddressOf(silo)}:{port}"))];

    public Product this[int silo] => _silos[silo] ?? throw new InvalidOperationException($"silo {silo} does not run");

    /// <summary>Starts database and both.</summary>
    /// <param name="program">What they run; null for the program built with the tests.</param>
    /// <param name="hosts">Where they run; null for this machine's own network.</param>
    public static async Task<TwoSilos> Start(string? program = null, TwoHosts? hosts = null)
    {
        var silos = new TwoSilos(await RealPostgres.Start(hosts is null ? "127.0.0.1" : TwoHosts.Here), hosts);
        try
        {
            await Task.WhenAll(silos.Begin(0, program), silos.Begin(1, program));
            silos.Key = (await new ApiKeys(silos.Source, TimeProvider.System).Create(new ApiKeyRequest(ApiKeyRoles.Administrator), CancellationToken.None)).Secret.Text;
            return silos;
        }
        catch
        {
            await silos.DisposeAsync();
            throw;
        }
    }

    /// <summary>Frames to both servers.</summary>
    public AgentLoad Load(int hosts = 16) => AgentLoad.Start(Servers, Key, hosts);

    /// <summary>Starts one.</summary>
    public async Task Begin(int silo, string? program = null) => _silos[silo] = await Product.Start(new ProductStart($"{_folder}-{silo}")
    {
        ConnectionString = Database.ConnectionString,
        Address = AddressOf(silo),
        Port = _ports[silo],
        Program = program,
        Within = _hosts?.Within(silo) ?? [],
        Settings = [.. Quick, "--Orleans:Address", AddressOf(silo)],
    });

    /// <summary>kill -9 of one.</summary>
    public async Task Kill(int silo)
    {
        await this[silo].Kill();
        await Forget(silo);
    }

    /// <summary>SIGTERM of one; its exit code.</summary>
    public async Task<int> Stop(int silo)
    {
        var code = await this[silo].Stop();
        await Forget(silo);
        return code;
    }

    /// <summary>Whether a silo ends by itself within a time; then it can be begun again.</summary>
    public async Task<bool> EndedBy(int silo, TimeSpan patience)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!this[silo].HasExited)
        {
            if (TimeProvider.System.GetElapsedTime(started) > patience)
            {
                return false;
            }

            await Task.Delay(100);
        }

        await Forget(silo);
        return true;
    }

    /// <summary>Waits until both servers say the same about the policy of the fleet, and see each other.</summary>
    public async Task Agree()
    {
        var started = TimeProvider.System.GetTimestamp();
        List<string> said = [];
        while (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(40))
        {
            said = [];
            foreach (var server in Servers)
            {
                using var client = new HttpClient { BaseAddress = server, Timeout = TimeSpan.FromSeconds(5) };
                client.DefaultRequestHeaders.Authorization = new("Bearer", Key);
                try
                {
                    var policy = JsonNode.Parse(await client.GetStringAsync(new Uri("/v1/policies/fleet", UriKind.Relative)));
                    var status = JsonNode.Parse(await client.GetStringAsync(new Uri("/v1/status", UriKind.Relative)));
                    said.Add($"policy {policy?["version"]}, {status?["silos"]} silos");
                }
                catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
                {
                    said.Add($"{server}: {exception.Message}");
                }
            }

            if (said.Distinct().Count() == 1 && said[0].EndsWith("2 silos", StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(200);
        }

        Assert.Fail($"the two servers do not agree: {string.Join("; ", said)}{string.Concat(_silos.Select((silo, number) => LastWords(silo, number)))}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos.Where(silo => silo is { HasExited: false }))
        {
            await silo!.Kill(); // filtered in the line before
        }

        await Source.DisposeAsync();
        await Database.DisposeAsync();
        foreach (var folder in Enumerable.Range(0, 2).Select(silo => $"{_folder}-{silo}").Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string LastWords(Product? silo, int number) =>
        silo is null ? "" : $"\nsilo {number}{(silo.HasExited ? $" (ended with {silo.ExitCode})" : "")} said last:\n{string.Join('\n', silo.Said.Where(line => !line.TrimStart().StartsWith("at ", StringComparison.Ordinal)).TakeLast(60))}";

    private string AddressOf(int silo) => _hosts is null ? "127.0.0.1" : TwoHosts.AddressOf(silo);

    private async Task Forget(int silo)
    {
        await this[silo].DisposeAsync();
        _silos[silo] = null;
    }
}

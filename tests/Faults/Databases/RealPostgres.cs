using System.Diagnostics;
using System.Globalization;
using EnergyTTT.History;
using EnergyTTT.History.Servers;
using EnergyTTT.Testing.Products;
using Npgsql;

namespace EnergyTTT.Faults.Databases;

/// <summary>
/// A PostgreSQL that nobody restarts but the test: durable settings, made by the machine's own programs in a folder of its own. The product sees it as an
/// external database.
/// </summary>
internal sealed class RealPostgres : IAsyncDisposable
{
    private const string Account = "postgres";
    private readonly string _folder;
    private readonly string _address;
    private readonly int _port = Product.FreePort();

    private RealPostgres(string folder, string address)
    {
        _folder = folder;
        _address = address;
    }

    public int Port => _port;

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host={_address};Port={_port};Database=energyttt;Username=energyttt;Timeout=5");

    /// <summary>Makes and starts one.</summary>
    /// <param name="address">Where it listens.</param>
    /// <param name="parent">The folder to make its own in; the temporary one if null.</param>
    public static async Task<RealPostgres> Start(string address = "127.0.0.1", string? parent = null)
    {
        var postgres = new RealPostgres(Path.Combine(parent ?? Path.GetTempPath(), "ettt-fault-" + Guid.NewGuid().ToString("N")[..8]), address);
        Directory.CreateDirectory(postgres._folder);
        if (Environment.IsPrivilegedProcess)
        {
            await Run("chown", Account, postgres._folder);
        }

        await Program("initdb", "--pgdata=" + postgres.Data, "--username=energyttt", "--auth=trust", "--encoding=UTF8", "--no-sync");
        await File.AppendAllTextAsync(Path.Combine(postgres.Data, "pg_hba.conf"), "host all all all trust\n");
        await postgres.Begin();
        await Program("createdb", "--host=" + postgres._folder, "--port=" + postgres._port.ToString(CultureInfo.InvariantCulture), "--username=energyttt", "energyttt");
        return postgres;
    }

    /// <summary>A data source for the test itself; without a pool, whose connections would be those of before a restart.</summary>
    public NpgsqlDataSource Open() => HistoryRegistration.OpenSource(ConnectionString + ";Pooling=false");

    /// <summary>Starts it where it was stopped, and waits until it answers.</summary>
    public Task Begin() => Program(
        "pg_ctl", "start", "--wait", "--timeout=60", "--silent", "--pgdata=" + Data, "--log=" + Path.Combine(_folder, "log"),
        string.Create(CultureInfo.InvariantCulture, $"--options=-c listen_addresses={_address} -c port={_port} -c unix_socket_directories={_folder} -c max_connections=200 -c shared_buffers=64MB"));

    /// <summary>Ends it.</summary>
    /// <param name="mode"><c>fast</c>, or <c>immediate</c>: no shutdown at all, the log is recovered at the next start.</param>
    public Task End(string mode) => Program("pg_ctl", "stop", "--wait", "--silent", "--pgdata=" + Data, "--mode=" + mode);

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await End("immediate");
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private static async Task Run(string program, params string[] arguments)
    {
        // Nothing is read from it: what pg_ctl leaves running would keep a pipe open.
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = "/" }) ?? throw new InvalidOperationException($"{program} cannot be started.");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(patience.Token);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        }
    }

    private static Task Program(string name, params string[] arguments)
    {
        var program = Path.Combine(PostgresBinaries.Find().Folder, name);
        return Environment.IsPrivilegedProcess
            ? Run("setpriv", ["--reuid=" + Account, "--regid=" + Account, "--clear-groups", "--", program, .. arguments])
            : Run(program, arguments);
    }
}

using System.Net;
using System.Text;
using EnergyTTT.Cli.Installations;
using EnergyTTT.Faults.Commands;
using EnergyTTT.History.Servers;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Testing.Products;
using Npgsql;
using Xunit;

namespace EnergyTTT.Faults.Installations;

/// <summary>Installations that are broken on purpose: the doctor names what is wrong and the way out of it.</summary>
public sealed class DoctorTests(PostgresFixture database) : IClassFixture<PostgresFixture>, IDisposable
{
    private static readonly Uri Nobody = new($"http://127.0.0.1:{Product.FreePort()}");
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "energyttt-doctor-" + Guid.NewGuid().ToString("N")[..8]);

    [Fact]
    public async Task A_folder_that_is_a_file_is_named() => Found(await Look(File("x")), "data folder", Finding.Fault, "cannot be used", "ENERGYTTT_DATA");

    [Fact]
    public async Task A_secret_that_others_can_read_is_named_wherever_it_lies()
    {
        var folder = new DataFolder(_folder);
        Directory.CreateDirectory(Path.Combine(folder.Secrets, "cookie-keys"));
        var key = Path.Combine(folder.Secrets, "cookie-keys", "key.xml");
        await System.IO.File.WriteAllTextAsync(key, "secret");
        System.IO.File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Found(await Look(_folder), "data folder", Finding.Fault, "key.xml can be read by others", "chmod 600");
    }

    [Fact]
    public async Task A_password_file_that_is_open_or_away_is_named()
    {
        var passwords = File("*:*:*:*:secret\n");
        System.IO.File.SetUnixFileMode(passwords, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        Found(await Look(_folder, $"Host=127.0.0.1;Port=1;Database=x;Username=y;Passfile={passwords}"), "password file", Finding.Fault, "can be read by others", "chmod 600");
        Found(await Look(_folder, $"Host=127.0.0.1;Port=1;Database=x;Username=y;Passfile={passwords}.not"), "password file", Finding.Fault, "does not exist", "Passfile");
    }

    [Fact]
    public async Task A_database_that_is_away_is_named() =>
        Found(await Look(_folder, "Host=127.0.0.1;Port=1;Database=x;Username=y"), "database", Finding.Fault, "does not answer", "address in ConnectionStrings__EnergyTTT");

    [Fact]
    public async Task A_user_that_the_database_does_not_know_is_named() =>
        Found(await Look(_folder, new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "nobody-here", Password = "wrong" }.ConnectionString), "database", Finding.Fault, "nobody-here", "user and password");

    [Fact]
    public async Task A_schema_that_is_behind_or_ahead_is_named()
    {
        var server = await PostgresServer.Shared;
        var empty = await server.CreateEmptyDatabase();
        Found(await Look(_folder, empty), "schema", Finding.Doubt, "steps are to be applied", "next start");

        var ahead = await server.CreateDatabase();
        await Do(ahead, "insert into public.migration (number, name, checksum) values (9999, 'of_tomorrow', 'x')");
        Found(await Look(_folder, ahead), "schema", Finding.Fault, "9999_of_tomorrow", "or a newer one");
    }

    [Fact]
    public async Task A_database_that_loses_acknowledged_frames_or_takes_none_is_named()
    {
        var server = await PostgresServer.Shared;
        var standby = await server.CreateDatabase();
        await Do(standby, $"alter database \"{new NpgsqlConnectionStringBuilder(standby).Database}\" set default_transaction_read_only = on");
        NpgsqlConnection.ClearAllPools();
        var findings = await Look(_folder, standby);

        Found(findings, "writing", Finding.Fault, "takes no writes", "primary");
        Found(findings, "durability", Finding.Fault, "fsync off", "fsync");
    }

    [Fact]
    public async Task Silos_that_ended_without_a_word_are_named()
    {
        var cluster = await (await PostgresServer.Shared).CreateDatabase();
        await Do(cluster, """
            insert into orleans.membership_version (deployment_id, version, modified) values ('energyttt', 1, now());
            insert into orleans.silo (deployment_id, address, port, generation, silo_name, host_name, status, start_time, alive_time)
            values ('energyttt', '10.0.0.9', 11111, 1, 's', 'h', 3, now() - interval '1 hour', now() - interval '5 minutes');
            """);

        Found(await Look(_folder, cluster), "cluster", Finding.Doubt, "1 silos are on record as active", "out of memory");
    }

    [Fact]
    public async Task A_clock_that_is_off_is_named()
    {
        var findings = await new Examination(Nobody, _folder, database.ConnectionString, new Ahead(TimeSpan.FromHours(1))).Run(CancellationToken.None);

        Found(findings, "clock", Finding.Doubt, "-3600 s off", "time server");
    }

    [Fact]
    public async Task A_port_that_something_else_has_is_told_from_a_server_that_is_not_there()
    {
        using var other = new HttpListener();
        var address = new Uri($"http://127.0.0.1:{Product.FreePort()}/");
        other.Prefixes.Add(address.AbsoluteUri);
        other.Start();
        var answering = Task.Run(async () =>
        {
            var context = await other.GetContextAsync();
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes("hello"));
            context.Response.Close();
        });

        var taken = await new Examination(address, _folder, null, TimeProvider.System).Run(CancellationToken.None);
        await answering;

        Found(taken, "server", Finding.Fault, "something else has the port", "--urls");
        Found(await Look(_folder), "server", Finding.Fault, "does not answer", "Start the product");
    }

    [Fact]
    public async Task A_folder_that_a_silent_process_holds_is_named()
    {
        var folder = new DataFolder(_folder);
        await using var held = new FileStream(Path.Combine(folder.Path, "postgresql.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

        Found(await Look(_folder), "server", Finding.Fault, "a process holds", "fuser");
    }

    [Fact]
    public async Task A_libtorch_that_is_not_there_is_named()
    {
        var (code, output, _) = await Command.Run(_folder, new Dictionary<string, string?> { ["ENERGYTTT_LIBTORCH"] = "/nowhere/at/all" }, "doctor", "--server", Nobody.AbsoluteUri);

        Assert.Equal(1, code);
        Assert.Contains("libtorch: ", output, StringComparison.Ordinal);
        Assert.Contains("/nowhere/at/all", output, StringComparison.Ordinal);
        Assert.Contains("-> Routers cannot learn without it", output, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static Task<IReadOnlyList<Finding>> Look(string folder, string? external = null) => new Examination(Nobody, folder, external, TimeProvider.System).Run(CancellationToken.None);

    private static void Found(IReadOnlyList<Finding> findings, string check, string level, string says, string way)
    {
        var found = Assert.Single(findings, finding => finding.Check == check);
        Assert.Equal(level, found.Level);
        Assert.Contains(says, found.Says, StringComparison.Ordinal);
        Assert.Contains(way, found.Do, StringComparison.Ordinal);
    }

    private static async Task Do(string connection, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private string File(string content)
    {
        Directory.CreateDirectory(_folder);
        var path = Path.Combine(_folder, "file-" + Guid.NewGuid().ToString("N")[..8]);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    /// <summary>The machine's clock, ahead of the database's.</summary>
    private sealed class Ahead(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}

using System.Diagnostics;
using EnergyTTT.History.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace EnergyTTT.History.Tests.Servers;

/// <summary>Real servers in folders of their own. They need PostgreSQL's programs on the machine, as the product does.</summary>
public sealed class PrivateServerTests(StoppedServer stopped) : IClassFixture<StoppedServer>, IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"ettt-server-{Guid.NewGuid():N}"[..20]);

    public void Dispose()
    {
        if (Directory.Exists(_path))
        {
            Directory.Delete(_path, recursive: true);
        }
    }

    [Fact]
    public async Task From_nothing_to_an_answer_and_again_with_the_same_data()
    {
        await using (var first = await Start())
        {
            await Scalar(first.ConnectionString, "create table kept as select 7 as value");
        }

        await using var second = await Start();

        Assert.Equal(7, await Scalar(second.ConnectionString, "select value from kept"));
    }

    [Fact]
    public async Task It_is_durable_reachable_from_this_machine_only_and_asks_for_a_password()
    {
        stopped.CopyTo(_path);
        await using var server = await Start();

        Assert.Equal("on on on", await Scalar(server.ConnectionString, "select current_setting('fsync') || ' ' || current_setting('synchronous_commit') || ' ' || current_setting('full_page_writes')"));
        Assert.Equal("", await Scalar(server.ConnectionString, "show listen_addresses"));
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "wrong" }.ConnectionString;
        var refused = await Assert.ThrowsAsync<PostgresException>(() => Scalar(wrong, "select 1"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }

    [Fact]
    public async Task Secrets_are_files_that_only_the_owner_may_read()
    {
        stopped.CopyTo(_path);
        await using var server = await Start();
        var secrets = new DataFolder(_path).Secrets;

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(secrets));
        Assert.All(Directory.EnumerateFiles(secrets), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.Single(Directory.EnumerateFiles(secrets));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_path, "postgresql"), "*password*"));
    }

    [Fact]
    public async Task Another_process_finds_the_running_server_and_no_other_may_own_it()
    {
        stopped.CopyTo(_path);
        Assert.Null(PrivateServer.ConnectTo(new DataFolder(_path)));
        await using (var server = await Start())
        {
            Assert.Equal(server.ConnectionString, PrivateServer.ConnectTo(new DataFolder(_path)));
            var refused = await Assert.ThrowsAsync<PrivateServerException>(Start);
            Assert.Contains($"Another EnergyTTT server uses the folder {_path}", refused.Message, StringComparison.Ordinal);
            Assert.Equal(1, await Scalar(server.ConnectionString, "select 1"));
        }

        Assert.Null(PrivateServer.ConnectTo(new DataFolder(_path)));
    }

    [Fact]
    public async Task A_killed_server_comes_back_under_load_with_all_that_was_committed()
    {
        stopped.CopyTo(_path);
        await using var server = await Start();
        await Scalar(server.ConnectionString, "create table ledger (id bigint primary key)");
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        using var enough = new CancellationTokenSource();
        var acknowledged = 0L;
        var load = Task.Run(async () =>
        {
            for (var id = 1L; !enough.IsCancellationRequested; id++)
            {
                try
                {
                    await using var insert = source.CreateCommand("insert into ledger values ($1) on conflict do nothing");
                    insert.Parameters.AddWithValue(id);
                    await insert.ExecuteNonQueryAsync();
                    Interlocked.Exchange(ref acknowledged, id);
                }
                catch (Exception e) when (e is NpgsqlException or IOException)
                {
                    id--;
                    await Task.Delay(20);
                }
            }
        });
        var busy = Task.Run(() => Scalar(server.ConnectionString, "select count(*) from generate_series(1, 200000000)"));
        await Until(() => Interlocked.Read(ref acknowledged) > 50);

        foreach (var _ in Enumerable.Range(0, 2))
        {
            var before = server.ProcessId;
            var seen = Interlocked.Read(ref acknowledged);
            Posix.Signal(before, Posix.Kill9);
            await Until(() => server.ProcessId != before);
            await Until(() => Interlocked.Read(ref acknowledged) > seen + 50);
        }

        await enough.CancelAsync();
        await load;
        await Assert.ThrowsAnyAsync<Exception>(() => busy);
        Assert.True((long)(await Scalar(server.ConnectionString, "select count(*) from ledger"))! >= acknowledged);
        Assert.Equal(0L, await Scalar(server.ConnectionString, $"select count(*) from generate_series(1, {acknowledged}) wanted (id) where not exists (select from ledger where ledger.id = wanted.id)"));
    }

    [Fact]
    public async Task An_orphan_is_adopted_with_its_password_and_stopped_in_the_end()
    {
        stopped.CopyTo(_path);

        var orphan = StartOrphan();
        try
        {
            await using (var server = await Start())
            {
                Assert.Equal(orphan, server.ProcessId);
                Assert.Equal(1, await Scalar(server.ConnectionString, "select 1"));
            }

            Assert.False(ClusterProcesses.BelongsTo(orphan, Path.Combine(_path, "postgresql", "data")));
        }
        finally
        {
            Posix.Signal(orphan, Posix.Quit);
        }
    }

    [Fact]
    public async Task A_process_id_that_now_belongs_to_someone_else_is_left_alone()
    {
        stopped.CopyTo(_path);

        await File.WriteAllTextAsync(Path.Combine(_path, "postgresql", "data", "postmaster.pid"), $"{Environment.ProcessId}\n{_path}\n1\n5432\n/tmp\n\n");

        await using var server = await Start();

        Assert.NotEqual(Environment.ProcessId, server.ProcessId);
        Assert.Equal(1, await Scalar(server.ConnectionString, "select 1"));
    }

    [Fact]
    public async Task A_half_made_data_directory_is_made_anew()
    {
        Directory.CreateDirectory(Path.Combine(_path, "postgresql", "data.new"));
        await File.WriteAllTextAsync(Path.Combine(_path, "postgresql", "data.new", "PG_VERSION"), "15");

        await using var server = await Start();

        Assert.Equal(1, await Scalar(server.ConnectionString, "select 1"));
    }

    [Fact]
    public async Task A_folder_too_deep_for_a_socket_is_served_on_loopback()
    {
        var deep = Path.Combine(_path, new string('d', 60), new string('e', 40));
        Directory.CreateDirectory(Path.GetDirectoryName(deep)!);
        stopped.CopyTo(deep);
        await using var server = await PrivateServer.StartAsync(new DataFolder(deep), NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);

        Assert.Equal("127.0.0.1", new NpgsqlConnectionStringBuilder(server.ConnectionString).Host);
        Assert.Equal("127.0.0.1", await Scalar(server.ConnectionString, "show listen_addresses"));
        Assert.Equal(server.ConnectionString, PrivateServer.ConnectTo(new DataFolder(deep)));
    }

    [Fact]
    public async Task A_lost_password_is_named()
    {
        stopped.CopyTo(_path);

        File.Delete(Path.Combine(_path, "secrets", "postgresql-password"));

        var refused = await Assert.ThrowsAsync<PrivateServerException>(Start);
        Assert.Contains("secrets/postgresql-password", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_data_ends_with_what_the_server_said()
    {
        stopped.CopyTo(_path);

        File.Delete(Path.Combine(_path, "postgresql", "data", "global", "pg_control"));

        var refused = await Assert.ThrowsAsync<PrivateServerException>(Start);
        Assert.Contains("pg_control", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_of_another_major_version_asks_for_that_version()
    {
        stopped.CopyTo(_path);

        await File.WriteAllTextAsync(Path.Combine(_path, "postgresql", "data", "PG_VERSION"), "13\n");

        var refused = await Assert.ThrowsAsync<PrivateServerException>(Start);
        Assert.Contains("postgresql-13", refused.Message, StringComparison.Ordinal);
    }

    private static async Task Until(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await Task.Delay(10, patience.Token);
        }
    }

    private static async Task<object?> Scalar(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 120 }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private Task<PrivateServer> Start() => PrivateServer.StartAsync(new DataFolder(_path), NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);

    /// <summary>A server on the folder whose starter has gone and was not told to take it along.</summary>
    private int StartOrphan()
    {
        var root = Path.Combine(_path, "postgresql");
        var binaries = PostgresBinaries.Find();
        var asAccount = ServerAccount.ForThisProcess() is { } account ? $"setpriv --reuid={account.UserId} --regid={account.GroupId} --clear-groups -- " : "";
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"cd /; setsid {asAccount}{binaries.Postgres} -D {root}/data -c listen_addresses= -c unix_socket_directories={root}/socket -c port=5432 >/dev/null 2>&1 </dev/null & echo $!"])
        {
            RedirectStandardOutput = true,
        })!;
        var id = int.Parse(shell.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
        shell.WaitForExit();

        // A real orphan is older than whoever finds it.
        SpinWait.SpinUntil(() => ClusterProcesses.Postmaster(Path.Combine(root, "data")) == id, TimeSpan.FromSeconds(30));
        return id;
    }
}

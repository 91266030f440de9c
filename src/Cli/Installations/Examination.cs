using System.Globalization;
using System.Net;
using EnergyTTT.History;
using EnergyTTT.History.Audits;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Health;
using EnergyTTT.History.Migrations;
using EnergyTTT.History.Servers;
using Npgsql;

namespace EnergyTTT.Cli.Installations;

/// <summary>Looks at an installation from its machine. Changes nothing, starts nothing.</summary>
/// <param name="server">Where the server should answer.</param>
/// <param name="path">The data folder.</param>
/// <param name="external">Connection string of an external database; null: the private one of the folder.</param>
internal sealed class Examination(Uri server, string path, string? external, TimeProvider time)
{
    private const string Ready = "\"ready\"";
    private const string NotReady = "not_ready";
    private const long LeastFreeBytes = 2L << 30;
    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostLag = TimeSpan.FromMinutes(5);

    // Sealing rests three quarters of its time: a round of a large fleet's hour takes most of an hour.
    private static readonly TimeSpan MostUnsealed = TimeSpan.FromHours(2);
    private readonly List<Finding> _findings = [];

    /// <summary>Everything that was found, in the order of dependence: who reads from the top mends the cause first.</summary>
    public async Task<IReadOnlyList<Finding>> Run(CancellationToken cancellationToken)
    {
        var folder = Folder();
        _findings.AddRange(MachineFindings.Libraries());
        if (external is not null)
        {
            _findings.AddRange(MachineFindings.PasswordFile(external));
        }

        var connection = external ?? (folder is null ? null : Private(folder));
        if (connection is not null)
        {
            await Database(connection, cancellationToken);
        }

        await Server(folder, cancellationToken);
        return _findings;
    }

    private DataFolder? Folder()
    {
        const string Check = "data folder";
        if (!Directory.Exists(path) && !File.Exists(path))
        {
            _findings.Add(Finding.Warning(Check, $"{path} does not exist: nothing was ever started here as this user.", $"Start the product, or name its folder with {DataFolder.Variable}."));
            return null;
        }

        try
        {
            var folder = new DataFolder(path);
            var open = Directory.EnumerateFiles(folder.Secrets, "*", SearchOption.AllDirectories).FirstOrDefault(MachineFindings.IsOpenToOthers);
            _findings.Add(open is not null
                ? Finding.Wrong(Check, $"{open} can be read by others.", $"chmod 600 '{open}', and change that secret if others use this machine.")
                : Finding.Ok(Check, $"{folder.Path}, its secrets closed to others"));
            var free = new DriveInfo(folder.Path).AvailableFreeSpace;
            _findings.Add(free < LeastFreeBytes
                ? Finding.Wrong("disk", Say($"{free / 1e9:0.0} GB are free under {folder.Path}."), "Free some, or shorten the retention (Retention__Frames); ingest stops when the disk is full and goes on by itself afterwards.")
                : Finding.Ok("disk", Say($"{free / 1e9:0.0} GB free")));
            return folder;
        }
        catch (Exception exception) when (exception is DataFolderException or IOException or UnauthorizedAccessException)
        {
            _findings.Add(Finding.Wrong(Check, exception.Message, $"Run the doctor as the user that runs the product, or name the folder with {DataFolder.Variable}."));
            return null;
        }
    }

    private string? Private(DataFolder folder)
    {
        const string Check = "PostgreSQL programs";
        try
        {
            var programs = PostgresBinaries.Find();
            _findings.Add(Finding.Ok(Check, Say($"version {programs.Major} in {programs.Folder}")));
        }
        catch (PrivateServerException exception)
        {
            _findings.Add(Finding.Wrong(Check, "There are none of version 14 or later.", exception.Message));
        }

        if (PrivateServer.ConnectTo(folder) is { } running)
        {
            return running;
        }

        _findings.Add(Finding.Warning("database", "The private PostgreSQL does not run, so its content was not looked at.", $"Start the product; its log and {Path.Combine(folder.Path, "postgresql", "log")} say why it stopped."));
        return null;
    }

    private async Task Database(string connection, CancellationToken cancellationToken)
    {
        const string Check = "database";
        try
        {
            await using var source = HistoryRegistration.OpenSource(connection);
            var schema = await SchemaCheck.Read(source, cancellationToken);
            _findings.Add(schema switch
            {
                { Wrong.IsEmpty: false } => Finding.Wrong("schema", string.Join("; ", schema.Wrong) + ".", "Start the version of the product that made this database, or a newer one."),
                { Missing: > 0 } => Finding.Warning("schema", Say($"{schema.Missing} steps are to be applied."), "The next start of the product applies them; take a backup before."),
                _ => Finding.Ok("schema", Say($"at step {schema.Newest:0000}, as this program knows it")),
            });
            if (schema is { Wrong.IsEmpty: true, Missing: 0 })
            {
                await Durability(source, cancellationToken);
                await Content(source, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or ArgumentException)
        {
            var major = exception is PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification };
            _findings.Add(Finding.Wrong(
                Check,
                "It does not answer: " + exception.Message,
                external is null ? "Restart the product." : major ? "Correct user and password in ConnectionStrings__EnergyTTT." : "Check the address in ConnectionStrings__EnergyTTT, that the server runs, and what stands between."));
        }
    }

    private async Task Durability(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var settings = await DurabilitySettings.Read(source, cancellationToken);
        var says = $"PostgreSQL {settings.ServerVersion}, fsync {settings.Fsync}, synchronous_commit {settings.SynchronousCommit}, full_page_writes {settings.FullPageWrites}, tables {settings.FrameTable}";
        _findings.Add(settings.Durable
            ? Finding.Ok("durability", says)
            : Finding.Wrong("durability", says + ".", "Acknowledged frames can be lost when the machine fails: turn fsync, synchronous_commit and full_page_writes on."));
    }

    private async Task Content(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var health = await TelemetryHealth.Read(source, cancellationToken);
        var now = time.GetUtcNow();
        _findings.Add(health.ReadOnly
            ? Finding.Wrong("writing", "The database takes no writes: it is a standby of another, or set to read only.", "Name the primary in ConnectionStrings__EnergyTTT, or set default_transaction_read_only to off.")
            : Finding.Ok("writing", "the database takes writes"));
        _findings.Add(health.SilosSilent > 0
            ? Finding.Warning("cluster", Say($"{health.SilosSilent} silos are on record as active and said nothing for a minute."), "If others run, they notice within seconds; if none runs, the next start does. Look for what ended them: their logs, the kernel's log (out of memory), the power.")
            : Finding.Ok("cluster", Say($"{health.SilosAlive} silos are alive")));
        var skew = health.ServerTime - now;
        _findings.Add(skew.Duration() > MostSkew
            ? Finding.Warning("clock", Say($"The database's clock is {skew.TotalSeconds:0} s off this machine's."), "Let both follow a time server.")
            : Finding.Ok("clock", "agrees with the database's"));
        _findings.Add(health.PartitionTomorrow
            ? Finding.Ok("partitions", "tomorrow's is there")
            : Finding.Warning("partitions", "Tomorrow's partition of frames is missing.", "It is made hourly by a running silo; look for 'partition' in its log."));
        var lag = health.OldestTouched is { } oldest ? health.ServerTime - oldest : TimeSpan.Zero;
        _findings.Add(lag > MostLag
            ? Finding.Warning("roll-ups", Say($"The oldest work has waited for {lag.TotalMinutes:0} minutes."), "A silo must run; when it does, its log says why roll-ups fail.")
            : Finding.Ok("roll-ups", health.RolledUntil is { } until ? Say($"minutes complete until {until.UtcDateTime:u}") : "nothing to roll up yet"));
        var unsealed = health.SealedAt is { } round ? health.ServerTime - round : TimeSpan.Zero;
        _findings.Add(unsealed > MostUnsealed
            ? Finding.Warning("sealing", Say($"Old frames were last packed {unsealed.TotalHours:0.0} hours ago, so the disk fills ten times as fast."), "A silo must run; when it does, its log and energyttt_history_seal_failures_total say why sealing fails.")
            : Finding.Ok("sealing", health.SealedUntil is { } border ? Say($"frames before {border.UtcDateTime:u} are packed") : "nothing to pack yet"));
        _findings.Add(health.NewestReceived is { } newest
            ? health.ServerTime - newest < MostLag
                ? Finding.Ok("telemetry", Say($"the last frame came {(health.ServerTime - newest).TotalSeconds:0} s ago"))
                : Finding.Warning("telemetry", Say($"The last frame came {(health.ServerTime - newest).TotalMinutes:0} minutes ago."), "Look at the agents: 'energyttt-agent check' on a host; 401 and 403 in their logs mean a key.")
            : Finding.Warning("telemetry", "No frame came within the last hour.", health.AgentKeys == 0 ? "Make a key for an agent: energyttt keys create --local --role agent" : "Start an agent with its key; docs/operations.md says how."));
        _findings.Add(health.People > 0
            ? Finding.Ok("people", Say($"{health.People} can sign in"))
            : Finding.Warning("people", "Nobody can sign in yet.", "Open the portal and use the one-time set-up token that the server printed."));
        var chain = await new AuditLog(source, time).Verify(cancellationToken);
        _findings.Add(chain.Fault is null
            ? Finding.Ok("audit log", Say($"{chain.Entries} entries, all whole"))
            : Finding.Wrong("audit log", chain.Fault, "Somebody changed the record. Keep the database as it is, and compare with a backup."));
    }

    private async Task Server(DataFolder? folder, CancellationToken cancellationToken)
    {
        const string Check = "server";
        using var client = new HttpClient { BaseAddress = server, Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var response = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken);
            var says = await response.Content.ReadAsStringAsync(cancellationToken);
            _findings.Add(response.StatusCode switch
            {
                HttpStatusCode.OK when says.Contains(Ready, StringComparison.Ordinal) => Finding.Ok(Check, $"{server} is ready"),
                HttpStatusCode.ServiceUnavailable when says.Contains(NotReady, StringComparison.Ordinal) => Finding.Wrong(Check, $"{server} is not ready: {says}", "It runs, and something it needs does not: mend what stands above."),
                _ => Finding.Wrong(Check, Say($"{server} answers {(int)response.StatusCode}, and not as EnergyTTT does: something else has the port."), "Start the product on another one with --urls, and name it here with --server; or end what listens there."),
            });
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            _findings.Add(folder is not null && PrivateServer.IsOwned(folder)
                ? Finding.Wrong(Check, $"{server} does not answer, but a process holds {folder.Path}: {exception.Message}", "It listens elsewhere (name that with --server), is still starting, or hangs: its log says which. Who it is: fuser -v " + Path.Combine(folder.Path, "postgresql.lock"))
                : Finding.Wrong(Check, $"{server} does not answer: {exception.Message}", "Start the product, or name its address with --server."));
        }
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Orleans.Runtime;

namespace EnergyTTT.Silo.Clusters;

/// <summary>
/// Declares a silo dead as soon as its process is certainly gone, so that its grains come back at once instead of after some missed probes. Certain means both:
/// the lock that it holds in PostgreSQL for as long as it lives is free, and its own port refuses connections. A silo that only hangs, or that only one
/// of the two cannot reach, keeps its lock or its port and is left to the probes of Orleans.
/// </summary>
internal sealed partial class SiloWatch(
    IClusterMembershipService membership,
    ILocalSiloDetails self,
    NpgsqlDataSource source,
    TimeProvider clock,
    ILogger<SiloWatch> logger) : BackgroundService
{
    /// <summary>First half of the keys of the locks in PostgreSQL, so that they meet no others: "silo" in ASCII.</summary>
    private const int LockSpace = 0x73696C6F;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestKnock = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Watch(stoppingToken);
            }
            catch (Exception error) when (error is NpgsqlException or TimeoutException or OrleansException or InvalidOperationException && !stoppingToken.IsCancellationRequested)
            {
                // Without the database nobody is declared dead; the lock is taken again when it is back.
                LogPaused(error.Message);
                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
    }

    private async Task Watch(CancellationToken cancellationToken)
    {
        // language=sql
        const string HoldSql = "select pg_try_advisory_lock($1, $2)";

        // language=sql
        const string HeldSql =
            """
            select objid::bigint
            from pg_locks
            where locktype = 'advisory'
              and classid = $1::bigint::oid
              and database = (select oid from pg_database where datname = current_database())
              and granted
            """;

        // The lock lives as long as this connection, and the connection as long as this process.
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using (var hold = new NpgsqlCommand(HoldSql, connection))
        {
            hold.Parameters.Add(new NpgsqlParameter<int> { TypedValue = LockSpace });
            hold.Parameters.Add(new NpgsqlParameter<int> { TypedValue = KeyOf(self.SiloAddress) });
            await hold.ExecuteScalarAsync(cancellationToken);
        }

        await using var held = new NpgsqlCommand(HeldSql, connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = LockSpace } } };
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var others = membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(self.SiloAddress)).ToList();
            if (others.Count == 0)
            {
                continue;
            }

            var alive = await Alive(held, cancellationToken);
            foreach (var other in others.Where(member => !alive.Contains(KeyOf(member.SiloAddress))))
            {
                if (await Refuses(other.SiloAddress, cancellationToken))
                {
                    LogGone(other.SiloAddress);
                    await membership.TryKill(other.SiloAddress);
                }
            }
        }
    }

    private static async Task<HashSet<int>> Alive(NpgsqlCommand held, CancellationToken cancellationToken)
    {
        var alive = new HashSet<int>();
        await using var reader = await held.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            alive.Add(unchecked((int)reader.GetInt64(0)));
        }

        return alive;
    }

    /// <summary>Whether the host answers that nothing listens there. A silence of whatever length is no such answer.</summary>
    private static async Task<bool> Refuses(SiloAddress silo, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(LongestKnock);
        using var socket = new Socket(silo.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(silo.Endpoint, patience.Token);
            return false;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>The same for every silo that computes it; the generation in the address tells a restarted silo from the one before.</summary>
    private static int KeyOf(SiloAddress silo) => BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(silo.ToParsableString())));

    [LoggerMessage(LogLevel.Warning, "The process of silo {Silo} is gone: its lock is free and its port refuses connections; it is declared dead")]
    private partial void LogGone(SiloAddress silo);

    [LoggerMessage(LogLevel.Information, "Other silos are not watched for the moment: {Reason}")]
    private partial void LogPaused(string reason);
}

using EnergyTTT.History.Access;
using EnergyTTT.History.Alerts;
using EnergyTTT.History.Audits;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Gpus;
using EnergyTTT.History.Partitions;
using EnergyTTT.History.Rollups;
using EnergyTTT.History.Runs;
using EnergyTTT.History.Seals;
using EnergyTTT.History.Series;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History;

/// <summary>Registers this room.</summary>
public static class HistoryRegistration
{
    // A server that is cut off in the middle of a transaction keeps its locks for as long as PostgreSQL believes in it: two hours by the kernel's own defaults, eleven seconds so.
    // On a socket of this machine the settings mean nothing.
    // language=sql
    private const string NoticeDeadPeersSql = "set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3; set tcp_user_timeout = 10000";

    /// <summary>
    /// Registers the one <see cref="NpgsqlDataSource"/> of the process (search path <c>orleans,public</c>, as Orleans' providers need it)
    /// and everything that reads and writes through it. The database must have been brought up to date by
    /// <see cref="Migrations.Migrator"/> before the hosted services start.
    /// </summary>
    /// <param name="connectionString">Of a PostgreSQL 14 or later.</param>
    /// <param name="writes">False leaves out what runs in the background (frame writer, roll-ups, retention): for a process that only reads.</param>
    public static IServiceCollection AddHistory(this IServiceCollection services, string connectionString, bool writes = true)
    {
        services.AddSingleton(provider => OpenSource(connectionString, provider.GetService<ILoggerFactory>()));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<HistoryInstruments>();
        services.AddSingleton<GpuDirectory>();
        services.AddSingleton<SeriesReader>();
        services.AddSingleton<FrameReader>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<AuditLog>();
        services.AddOptions<SessionLimits>().Validate(options => options.Idle >= TimeSpan.FromMinutes(1) && options.Longest >= options.Idle, "Sessions:Idle is at least a minute, and Sessions:Longest at least Sessions:Idle.");
        services.AddSingleton<Sessions>();
        services.AddSingleton<Invitations>();
        services.AddSingleton<RunStore>();
        services.AddSingleton<RunReader>();
        services.AddDbContext<AccessDbContext>((provider, options) => options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddOptions<RetentionOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RetentionOptions>, RetentionOptionsValidator>());
        services.AddSingleton<Roller>();
        services.AddSingleton<PartitionKeeper>();
        services.AddSteeringHistory(writes);
        services.AddAlertHistory();
        if (writes)
        {
            services.AddOptions<FrameWriterOptions>().ValidateDataAnnotations().ValidateOnStart();
            services.AddSingleton<FrameWriter>();
            services.AddSingleton<IFrameWriter>(provider => provider.GetRequiredService<FrameWriter>());
            services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<FrameWriter>());
            services.AddHostedService<PartitionService>();
            services.AddHostedService<RollupService>();
            services.AddOptions<SealOptions>().ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SealOptions>, SealOptionsValidator>());
            services.AddSingleton<Sealer>();
            services.AddHostedService<SealService>();
        }

        return services;
    }

    /// <summary>A data source as <see cref="AddHistory"/> registers it, for commands and tests that have no container.</summary>
    public static NpgsqlDataSource OpenSource(string connectionString, ILoggerFactory? loggers = null)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        builder.ConnectionStringBuilder.SearchPath = "orleans,public";
        builder.ConnectionStringBuilder.ApplicationName ??= "EnergyTTT";
        builder.UseLoggerFactory(loggers);
        builder.UsePhysicalConnectionInitializer(NoticeDeadPeers, NoticeDeadPeersAsync);
        return builder.Build();
    }

    private static void NoticeDeadPeers(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(NoticeDeadPeersSql, connection);
        command.ExecuteNonQuery();
    }

    private static async Task NoticeDeadPeersAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(NoticeDeadPeersSql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

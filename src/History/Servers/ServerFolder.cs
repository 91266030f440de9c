using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace EnergyTTT.History.Servers;

/// <summary>Where the private server keeps its things below the data folder, and how to reach it.</summary>
internal sealed class ServerFolder
{
    /// <summary>The name of the database and of its owner.</summary>
    public const string Name = "energyttt";

    private const string PasswordSecret = "postgresql-password";

    // sun_path has 108 bytes with its closing zero, and PostgreSQL appends "/.s.PGSQL.5432".
    private const int LongestSocketFolder = 107 - 14;
    private const int SocketPort = 5432;

    private readonly DataFolder _folder;

    public ServerFolder(DataFolder folder)
    {
        _folder = folder;
        Root = Path.Combine(Posix.RealPath(folder.Path), "postgresql");
    }

    /// <summary>Everything of the server; belongs to the account that the server runs as.</summary>
    public string Root { get; }

    /// <summary>The data directory, without symbolic links: that is how <c>/proc</c> shows it.</summary>
    public string Data => Path.Combine(Root, "data");

    /// <summary>A data directory in the making.</summary>
    public string Draft => Path.Combine(Root, "data.new");

    /// <summary>Where the socket is.</summary>
    public string Socket => Path.Combine(Root, "socket");

    /// <summary>The server's own log, seven files that take turns by weekday.</summary>
    public string Logs => Path.Combine(Root, "log");

    /// <summary>What the server says before it has opened its log.</summary>
    public string StartLog => Path.Combine(Root, "start.log");

    /// <summary>Held by the one process that owns the server.</summary>
    public string OwnerLock => Path.Combine(_folder.Path, "postgresql.lock");

    /// <summary>The password, made at the first call.</summary>
    public string Password => _folder.ReadOrCreateSecret(PasswordSecret);

    /// <summary>Whether there is a data directory.</summary>
    public bool HasData => File.Exists(Path.Combine(Data, "PG_VERSION"));

    /// <summary>The major version that made the data directory.</summary>
    public int DataMajor => int.Parse(File.ReadAllText(Path.Combine(Data, "PG_VERSION")).Trim(), CultureInfo.InvariantCulture);

    /// <summary>Where a server that is to be started now will listen: a socket in the folder, or loopback where the path is too long for one.</summary>
    public ServerAddress ChooseAddress()
    {
        if (System.Text.Encoding.UTF8.GetByteCount(Socket) <= LongestSocketFolder)
        {
            return new ServerAddress(Socket, SocketPort);
        }

        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return new ServerAddress("127.0.0.1", ((IPEndPoint)probe.LocalEndpoint).Port);
    }

    /// <summary>Where the running server listens, as its lock file says; null when there is none.</summary>
    public ServerAddress? RunningAddress()
    {
        try
        {
            // Process id, data directory, start time, port, socket folder, listen address.
            var lines = File.ReadAllLines(Path.Combine(Data, "postmaster.pid"));
            if (lines.Length < 6 || !int.TryParse(lines[3], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            {
                return null;
            }

            return lines[4].Length > 0 ? new ServerAddress(lines[4], port) : new ServerAddress("127.0.0.1", port);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The connection string of a database of the server.</summary>
    public string ConnectionString(ServerAddress address, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = address.Host,
        Port = address.Port,
        Username = Name,
        Password = Password,
        Database = database,
        ApplicationName = "EnergyTTT",
        MaxPoolSize = 40,
    }.ConnectionString;
}

/// <summary>A socket folder or an address, and a port.</summary>
internal sealed record ServerAddress(string Host, int Port)
{
    public bool IsSocket => Host.StartsWith('/');
}

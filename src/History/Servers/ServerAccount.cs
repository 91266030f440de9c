using System.Globalization;

namespace EnergyTTT.History.Servers;

/// <summary>The account that the database server runs as: PostgreSQL refuses to run as root.</summary>
/// <param name="Name">As in the list of accounts.</param>
/// <param name="UserId">Its user id.</param>
/// <param name="GroupId">Its primary group.</param>
internal sealed record ServerAccount(string Name, int UserId, int GroupId)
{
    private static readonly string[] Preferred = ["postgres", "energyttt", "nobody", "daemon"];

    /// <summary>The account to drop to when this process is root; null when it is not and the server runs as this very user.</summary>
    /// <exception cref="PrivateServerException">This process is root and there is no other account.</exception>
    public static ServerAccount? ForThisProcess()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        var accounts = File.ReadLines("/etc/passwd").Select(Parse).OfType<ServerAccount>().ToList();
        return Preferred.Select(name => accounts.Find(account => account.Name == name)).FirstOrDefault(account => account is not null)
            ?? throw new PrivateServerException($"PostgreSQL does not run as root, and none of the accounts {string.Join(", ", Preferred)} exists. Make one: useradd --system energyttt.");
    }

    private static ServerAccount? Parse(string line)
    {
        var fields = line.Split(':');
        return fields.Length >= 4
            && int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var user)
            && int.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out var group)
            && user != 0
                ? new ServerAccount(fields[0], user, group)
                : null;
    }
}

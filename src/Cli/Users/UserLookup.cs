using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;

namespace EnergyTTT.Cli.Users;

/// <summary>Finds people of a server by their user names.</summary>
internal static class UserLookup
{
    /// <summary>The id of a person; null, after a sentence on the error output, when there is none.</summary>
    public static async Task<string?> Find(HttpClient client, string name, CancellationToken cancellationToken)
    {
        if (await All(client, cancellationToken) is not { } users)
        {
            return null;
        }

        if (IdOf(users, name) is { } found)
        {
            return found;
        }

        await Console.Error.WriteLineAsync($"Nobody has the user name '{name}'; 'energyttt users list' shows who there is.");
        return null;
    }

    /// <summary>The id of a person among these; null when there is none of that name.</summary>
    public static string? IdOf(JsonArray users, string name) => (string?)users.FirstOrDefault(user => string.Equals((string?)user?["user_name"], name, StringComparison.OrdinalIgnoreCase))?["id"];

    /// <summary>All people; null, after a sentence on the error output, when they could not be read.</summary>
    public static async Task<JsonArray?> All(HttpClient client, CancellationToken cancellationToken)
    {
        var all = new JsonArray();
        for (var cursor = ""; cursor is not null;)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/users?limit=1000" + (cursor.Length > 0 ? "&cursor=" + Uri.EscapeDataString(cursor) : ""));
            if (await ServerAnswer.Ask(client, request, cancellationToken) is not { } page)
            {
                return null;
            }

            foreach (var user in page["users"]?.AsArray() ?? [])
            {
                all.Add(user?.DeepClone());
            }

            cursor = (string?)page["cursor"];
        }

        return all;
    }
}

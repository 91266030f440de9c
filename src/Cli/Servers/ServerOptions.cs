using System.CommandLine;
using System.Net.Http.Headers;

namespace EnergyTTT.Cli.Servers;

/// <summary>The options of every command that talks to a server, and the client made of them.</summary>
internal sealed class ServerOptions
{
    /// <summary>The variable that a script may set instead of <c>--key</c>, so that the key does not stand in the list of processes.</summary>
    public const string KeyVariable = "ENERGYTTT_KEY";

    public Option<Uri> Server { get; } = new("--server")
    {
        Description = "Address of the server.",
        DefaultValueFactory = _ => new Uri("http://127.0.0.1:8080"),
        CustomParser = ReadAddress,
    };

    public Option<string?> Key { get; } = new("--key") { Description = $"API key; {KeyVariable} in the environment when not given." };

    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON instead of a table." };

    /// <summary>Adds the options to a command.</summary>
    public Command AddTo(Command command)
    {
        command.Options.Add(Server);
        command.Options.Add(Key);
        command.Options.Add(Json);
        return command;
    }

    /// <summary>The key that was given, or null.</summary>
    public string? KeyOf(ParseResult parse) => parse.GetValue(Key) ?? Environment.GetEnvironmentVariable(KeyVariable);

    internal static Uri? ReadAddress(System.CommandLine.Parsing.ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is ("http" or "https"))
        {
            return address;
        }

        result.AddError($"--server is '{text}'; an address such as http://127.0.0.1:8080 expected.");
        return null;
    }

    /// <summary>A client of the server with the key.</summary>
    public HttpClient Open(ParseResult parse)
    {
        var client = new HttpClient { BaseAddress = parse.GetValue(Server), Timeout = TimeSpan.FromSeconds(30) };
        if (KeyOf(parse) is { Length: > 0 } key)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return client;
    }
}

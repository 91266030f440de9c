using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace EnergyTTT.Cli.Servers;

/// <summary><c>energyttt status</c>: version, silos, hosts, GPUs, frames a second and the database of a server.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var options = new ServerOptions();
        var command = options.AddTo(new Command("status", "What a server is doing: version, silos, hosts, GPUs, frames a second, database."));
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/status");
            if (await ServerAnswer.Ask(client, request, cancellationToken) is not { } status)
            {
                return 1;
            }

            if (parse.GetValue(options.Json))
            {
                Console.WriteLine(status.ToJsonString());
                return 0;
            }

            var table = new Table().HideHeaders().AddColumns("what", "value");
            table.AddRow("version", Markup.Escape($"{status["version"]}"));
            table.AddRow("up since", Markup.Escape($"{status["started"]}"));
            table.AddRow("silos", $"{status["silos"]}");
            table.AddRow("hosts", $"{status["hosts"]}");
            table.AddRow("GPUs", $"{status["gpus"]}, {status["gpus_live"]} of them live");
            table.AddRow("frames a second", string.Create(CultureInfo.InvariantCulture, $"{(double?)status["frames_per_second"] ?? 0:0.#}"));
            table.AddRow("database", Markup.Escape($"PostgreSQL {status["database"]?["version"]}, {((bool?)status["database"]?["embedded"] == true ? "private" : "external")}"));
            table.AddRow("memory", string.Create(CultureInfo.InvariantCulture, $"{((double?)status["memory_bytes"] ?? 0) / (1 << 20):0} MiB"));
            AnsiConsole.Write(table);
            return 0;
        });
        return command;
    }
}

using System.CommandLine;
using System.Text.Json;
using EnergyTTT.Cli.Servers;
using EnergyTTT.History.Servers;

namespace EnergyTTT.Cli.Installations;

/// <summary><c>energyttt doctor</c>: finds what is wrong with an installation and says what to do.</summary>
internal static class DoctorCommand
{
    private static readonly JsonSerializerOptions Shown = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var options = new ServerOptions();
        var command = new Command("doctor", "Look at the installation on this machine: what is wrong, and what to do. Changes nothing.") { options.Server, options.Json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var external = Environment.GetEnvironmentVariable("ConnectionStrings__EnergyTTT") is { Length: > 0 } given ? given : null;
            var folder = DataFolder.DefaultPath(Environment.GetEnvironmentVariable, Environment.IsPrivilegedProcess);
            var findings = await new Examination(parse.GetValue(options.Server)!, folder, external, TimeProvider.System).Run(cancellationToken); // has a default
            if (parse.GetValue(options.Json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new { faults = findings.Count(it => it.Level == Finding.Fault), warnings = findings.Count(it => it.Level == Finding.Doubt), findings }, Shown));
            }
            else
            {
                foreach (var it in findings)
                {
                    Console.WriteLine($"{it.Level,-8} {it.Check}: {it.Says}{(it.Do is null ? "" : Environment.NewLine + "         -> " + it.Do)}");
                }
            }

            return findings.Any(it => it.Level == Finding.Fault) ? 1 : 0;
        });
        return command;
    }
}

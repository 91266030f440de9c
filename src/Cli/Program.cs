using System.CommandLine;
using EnergyTTT.Cli.Agents;
using EnergyTTT.Cli.Alerts;
using EnergyTTT.Cli.Audits;
using EnergyTTT.Cli.Backups;
using EnergyTTT.Cli.Demos;
using EnergyTTT.Cli.Fleets;
using EnergyTTT.Cli.Learning;
using EnergyTTT.Cli.Experiments;
using EnergyTTT.Cli.Histories;
using EnergyTTT.Cli.Ingests;
using EnergyTTT.Cli.Installations;
using EnergyTTT.Cli.Keys;
using EnergyTTT.Cli.Policies;
using EnergyTTT.Cli.Runs;
using EnergyTTT.Cli.Selections;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Cli.Sessions;
using EnergyTTT.Cli.Steering;
using EnergyTTT.Cli.Storage;
using EnergyTTT.Cli.Thermal;
using EnergyTTT.Cli.Users;

// One line per command; each lives in a folder named after its noun and offers a static Create().
var root = new RootCommand("EnergyTTT governs the energy of fleets of LLM inference hosts.");
root.Subcommands.Add(StatusCommand.Create());
root.Subcommands.Add(KeysCommand.Create());
root.Subcommands.Add(UsersCommand.Create());
root.Subcommands.Add(SessionsCommand.Create());
root.Subcommands.Add(AuditCommand.Create());
root.Subcommands.Add(PolicyCommand.Create());
root.Subcommands.Add(AlertsCommand.Create());
root.Subcommands.Add(BackupCommand.Create());
root.Subcommands.Add(RestoreCommand.Create());
root.Subcommands.Add(DoctorCommand.Create());
root.Subcommands.Add(EvaluateThermalCommand.Create());
root.Subcommands.Add(new Command("bench", "Measure what this machine does; answers are checked before they are timed.")
{
    BenchRoutingCommand.Create(),
    BenchLearningCommand.Create(),
    BenchSelectionCommand.Create(),
    BenchIngestCommand.Create(),
    BenchSteeringCommand.Create(),
    BenchFleetCommand.Create(),
    BenchHistoryCommand.Create(),
    BenchStorageCommand.Create(),
});
root.Subcommands.Add(RunsCommand.Create());
root.Subcommands.Add(AgentCheckCommand.Create());
root.Subcommands.Add(DemoCommand.Create());
root.Subcommands.Add(ExperimentCommand.Create());
root.Subcommands.Add(CalibrateCommand.Create());

var parsed = root.Parse(args);
var code = await parsed.InvokeAsync();

// 0 done, 1 failed, 2 wrong usage.
return parsed.Errors.Count > 0 ? 2 : code;

using System.CommandLine;
using EnergyTTT.Cli.Agents;
using EnergyTTT.Cli.Learning;
using EnergyTTT.Cli.Selections;
using EnergyTTT.Cli.Thermal;

// One line per command; each lives in a folder named after its noun and offers a static Create().
var root = new RootCommand("EnergyTTT governs the energy of fleets of LLM inference hosts.");
root.Subcommands.Add(EvaluateThermalCommand.Create());
root.Subcommands.Add(new Command("bench", "Measure what this machine does; answers are checked before they are timed.")
{
    BenchRoutingCommand.Create(),
    BenchLearningCommand.Create(),
    BenchSelectionCommand.Create(),
});
root.Subcommands.Add(AgentCheckCommand.Create());

return await root.Parse(args).InvokeAsync();

using System.CommandLine;

// One line per command; each lives in a folder named after its noun and offers a static Create().
var root = new RootCommand("EnergyTTT governs the energy of fleets of LLM inference hosts.");

return await root.Parse(args).InvokeAsync();

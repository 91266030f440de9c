using EnergyTTT.Agent.Arguments;
using EnergyTTT.Agent.Runs;

var (arguments, fault) = AgentArguments.Parse(args, Environment.GetEnvironmentVariable);
if (arguments is null)
{
    Console.Error.WriteLine(fault);
    Console.Error.WriteLine("'energyttt-agent --help' lists what there is.");
    return 2;
}

try
{
    return arguments.Command switch
    {
        AgentCommand.Help => AgentHelp.Print(Console.Out),
        AgentCommand.Version => AgentHelp.PrintVersion(Console.Out),
        AgentCommand.Check => await AgentCheck.Run(arguments, Console.Out, CancellationToken.None),
        AgentCommand.CapHelper => await AgentCapHelper.Run(arguments),
        AgentCommand.Accept => AgentAccept.Run(arguments, Console.Out, Console.Error),
        _ => await AgentRun.Run(arguments),
    };
}
catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}

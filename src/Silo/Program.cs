using EnergyTTT.Silo.Health;
using EnergyTTT.Silo.Settings;
using EnergyTTT.Silo.Starts;

if (args is [HealthProbe.Verb, ..])
{
    return await HealthProbe.Run(args[1..]);
}

// What must be there before anything else (settings, folder, database), then the server of Starts/Server.cs.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = ServerSettings.Normalise(args), ContentRootPath = AppContext.BaseDirectory });
var start = await ServerStart.Prepare(builder);
if (start is null)
{
    return 2;
}

await using var database = start.Database;
return await Server.Compose(builder, start).RunAndAnnounce();

// A small engine that lets a fleet server steer it: dotnet run --project samples/Engine -- http://localhost:8080 ettt_KEY qwen a
// It decodes nothing; its gates are random numbers that prefer other experts as time goes on. Without arguments or server it runs unsteered.
using EnergyTTT.Client.Steering;
using EnergyTTT.Selection.Gates;

const int layers = 4, experts = 64, topK = 8, batch = 16;
string Argument(int place, string otherwise) => args.Length > place ? args[place] : otherwise;

await using var steering = await FleetSteering.ConnectAsync(new(
    new Uri(Argument(0, "http://localhost:8080")), Argument(1, "ettt_none"), Argument(2, "sample"), Argument(3, "a"), new SelectorShape(experts, topK), layers));

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, cancel) => { cancel.Cancel = true; stop.Cancel(); };
var random = new Random(1);
var (logits, chosen, weights) = (new float[batch * experts], new int[batch * topK], new float[batch * topK]);
for (var step = 0; !stop.IsCancellationRequested; step++)
{
    double distinct = 0, least = 1;
    for (var layer = 0; layer < layers; layer++)
    {
        for (var i = 0; i < logits.Length; i++)
        {
            var liked = Math.Cos((((i % experts) - (step / 50.0)) * Math.Tau / experts) + layer);
            logits[i] = (float)(liked + (random.NextDouble() * 3));
        }

        // This is all: choose, and use `chosen` and `weights` in the experts' kernels.
        var done = steering.Layer(layer).Select(logits, batch, chosen, weights);
        distinct += done.DistinctExperts / (double)layers;
        least = Math.Min(least, done.RetainedMassMin);
    }

    steering.Observe(latencyMilliseconds: 20, queue: 0);
    if (step % 50 == 0)
    {
        var status = steering.Status;
        Console.WriteLine($"step {step}: epoch {status.Epoch} ({status.Arm}), {distinct:F1} distinct experts, least retained mass {least:F3}, " +
            $"{status.Posted} chunks posted, {status.Waiting} waiting{(status.LastProblem is { } problem ? ", last problem: " + problem.Message : "")}");
    }

    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
}

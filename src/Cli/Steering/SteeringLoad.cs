using System.Globalization;
using System.Text;

namespace EnergyTTT.Cli.Steering;

/// <summary>The messages of the load, written once: only the chunk's number changes from one to the next.</summary>
internal sealed class SteeringLoad
{
    private const int Tokens = 2_048;
    private const int TopK = 8;
    private const string Mark = "@chunk@";
    private readonly byte[] _head;
    private readonly byte[] _tail;

    public SteeringLoad(int deployments, int layers, int experts, int gateRows)
    {
        (Deployments, Layers, Experts, GateRows) = (deployments, layers, experts, Math.Min(gateRows, 16));
        var text = Message(new Random(1));
        var at = text.IndexOf(Mark, StringComparison.Ordinal);
        _head = Encoding.UTF8.GetBytes(text[..at]);
        _tail = Encoding.UTF8.GetBytes(text[(at + Mark.Length)..]);
    }

    public int Deployments { get; }

    public int Layers { get; }

    public int Experts { get; }

    public int GateRows { get; }

    public int MessageBytes => _head.Length + _tail.Length;

    public static string Name(int deployment) => string.Create(CultureInfo.InvariantCulture, $"bench-{deployment}");

    public string Description => $$"""
        {"model":"bench-moe","layers":{{Layers}},"experts":{{Experts}},"top_k":{{TopK}},"gate":"softmax","bias_space":"logit","cost_table":"h100-80gb-hbm3-bf16",
         "replicas":[{"id":"a","gpus":["GPU-bench-a"]},{"id":"b","gpus":["GPU-bench-b"]},{"id":"c","gpus":["GPU-bench-c"]},{"id":"d","gpus":["GPU-bench-d"]}]}
        """;

    public string Question { get; } = "{\"signature\":" + Signature(new Random(2)) + ",\"tokens\":256}";

    public byte[] Feedback(long chunk) => [.. _head, .. Encoding.ASCII.GetBytes(chunk.ToString(CultureInfo.InvariantCulture)), .. _tail];

    private string Message(Random random)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $$"""{"replica":"a","chunk":{{Mark}},"epoch":0,"arm":"treated","tokens":{{Tokens}},"phase":"decode","batch_tokens":64,"latency_ms":4.31,"queue":3,"signature":{{Signature(random)}},"layers":[""");
        for (var layer = 0; layer < Layers; layer++)
        {
            double[] wish = [.. Enumerable.Range(0, Experts).Select(_ => Math.Exp(1.2 * random.NextDouble()))];
            var sum = wish.Sum();
            var counts = string.Join(',', wish.Select(value => ((long)(value / sum * Tokens * Math.Min(TopK, Experts) * 0.99)).ToString(CultureInfo.InvariantCulture)));
            var shares = string.Join(',', wish.Select(value => (value / sum).ToString("0.00000000", CultureInfo.InvariantCulture)));
            text.Append(layer > 0 ? "," : "").Append(CultureInfo.InvariantCulture, $$"""
                {"layer":{{layer}},"expert_counts":[{{counts}}],"mean_gate_probability":[{{shares}}],"retained_mass_mean":0.985,"retained_mass_p01":0.953,"kl_mean":0.006,"distinct_experts_mean":92.4,"guard_trips":3,"gate_sample":"{{Gates(random)}}"}
                """);
        }

        return text.Append("]}").ToString();
    }

    private string Gates(Random random)
    {
        var bytes = new byte[2 * GateRows * Experts];
        for (var i = 0; i < GateRows * Experts; i++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(2 * i), (Half)(6 * (random.NextDouble() - 0.5)));
        }

        return Convert.ToBase64String(bytes);
    }

    private static string Signature(Random random)
    {
        double[] numbers = [.. Enumerable.Range(0, 64).Select(_ => random.NextDouble() - 0.5)];
        var length = Math.Sqrt(numbers.Sum(number => number * number));
        return "[" + string.Join(',', numbers.Select(number => (number / length).ToString("0.000000", CultureInfo.InvariantCulture))) + "]";
    }
}

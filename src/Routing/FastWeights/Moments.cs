using TorchSharp;

namespace EnergyTTT.Routing.FastWeights;

/// <summary>One set of moments: that of W0 over W2 <c>[2 hidden, inputs]</c> and that of W1 <c>[experts, hidden]</c>. Owns both tensors.</summary>
internal sealed record Moments(torch.Tensor Stacked, torch.Tensor Outputs) : IDisposable
{
    public float[] ToArray() => [.. Stacked.cpu().data<float>().ToArray(), .. Outputs.cpu().contiguous().data<float>().ToArray()];

    public void Dispose()
    {
        Stacked.Dispose();
        Outputs.Dispose();
    }
}

using EnergyTTT.Routing.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Models;

/// <summary>AdamW in one pass over each weight: on a GPU billions of parameters would otherwise be read and written a dozen times a step. Gradients are given back after each step.</summary>
/// <remarks>Source: Loshchilov and Hutter 2019 (arXiv 1711.05101), with beta 0.9 and 0.95.</remarks>
internal sealed class LeanAdam : IDisposable
{
    private static readonly Lazy<jit.CompilationUnit> Unit = new(() =>
    {
        TorchLibrary.Load();
        return jit.compile("""
            def step(w: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], count: List[Tensor], rate: float, decay: float, scale: Tensor) -> Tensor:
                torch._fused_adamw_(w, g, m, v, [], count, lr=rate, beta1=0.9, beta2=0.95, weight_decay=decay, eps=1e-08, amsgrad=False, maximize=False, grad_scale=scale, found_inf=None)
                return w[0]

            """);
    });

    private readonly List<(Tensor Weight, Tensor Mean, Tensor Square, bool Decays)> _states = [];
    private readonly Tensor _count;

    public LeanAdam(IEnumerable<KeyValuePair<string, Tensor>> weights)
    {
        foreach (var (name, weight) in weights)
        {
            weight.requires_grad_(true);
            _states.Add((weight, zeros_like(weight).detach().DetachFromDisposeScope(), zeros_like(weight).detach().DetachFromDisposeScope(), !name.Contains("norm", StringComparison.Ordinal)));
        }

        _count = zeros([1], ScalarType.Float32, _states[0].Weight.device).squeeze(0).DetachFromDisposeScope();
    }

    /// <summary>One step; gradients are forgotten afterwards.</summary>
    public void Step(double rate, double decay, double greatestNorm)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var squares = zeros(1, ScalarType.Float32, _states[0].Weight.device);
        foreach (var (weight, _, _, _) in _states)
        {
            using var grad = weight.grad;
            if (grad is not null)
            {
                squares.add_(grad.norm().pow(2));
            }
        }

        // Gradients are divided by this. On the device: reading the norm would stop the queue.
        var scale = ((squares.sqrt() + 1e-6) / greatestNorm).clamp(min: 1).squeeze(0);
        _count.add_(1);
        foreach (var (weight, mean, square, decays) in _states)
        {
            using var inner = NewDisposeScope();
            var grad = weight.grad;
            if (grad is null)
            {
                continue;
            }

            // In lists: what is written to a tensor that came alone counts as unused, and is left out.
            _ = Unit.Value.invoke("step", new[] { weight }, new[] { grad }, new[] { mean }, new[] { square }, new[] { _count }, rate, decays ? decay : 0.0, scale);
            weight.grad = null;
        }
    }

    public void Dispose()
    {
        foreach (var (weight, mean, square, _) in _states)
        {
            weight.requires_grad_(false);
            weight.grad = null;
            mean.Dispose();
            square.Dispose();
        }

        _count.Dispose();
    }
}

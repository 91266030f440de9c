using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Models;

/// <summary>AdamW that works in place, with first moments in bf16 on a GPU, so that billions of parameters fit beside their gradients.</summary>
/// <remarks>Source: Loshchilov and Hutter 2019 (arXiv 1711.05101), with beta 0.9 and 0.95.</remarks>
internal sealed class LeanAdam : IDisposable
{
    private const double First = 0.9, Second = 0.95, Epsilon = 1e-8;
    private readonly List<(Tensor Weight, Tensor Mean, Tensor Square, bool Decays)> _states = [];
    private int _step;

    public LeanAdam(IEnumerable<KeyValuePair<string, Tensor>> weights)
    {
        foreach (var (name, weight) in weights)
        {
            weight.requires_grad_(true);
            var lean = weight.device_type == DeviceType.CUDA ? ScalarType.BFloat16 : ScalarType.Float32;
            _states.Add((weight, zeros_like(weight, dtype: lean).DetachFromDisposeScope(), zeros_like(weight, dtype: ScalarType.Float32).DetachFromDisposeScope(),
                !name.Contains("norm", StringComparison.Ordinal)));
        }
    }

    /// <summary>One step; gradients are forgotten afterwards.</summary>
    public void Step(double rate, double decay, double greatestNorm)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        _step++;
        var squares = zeros(1, ScalarType.Float32, _states[0].Weight.device);
        foreach (var (weight, _, _, _) in _states)
        {
            using var grad = weight.grad;
            if (grad is not null)
            {
                squares.add_(grad.norm().pow(2));
            }
        }

        // On the device: reading the norm would stop the queue.
        var clip = (greatestNorm / (squares.sqrt() + 1e-6)).clamp(max: 1);
        var (correctFirst, correctSecond) = (1 - Math.Pow(First, _step), 1 - Math.Pow(Second, _step));
        foreach (var (weight, mean, square, decays) in _states)
        {
            using var inner = NewDisposeScope();
            var grad = weight.grad;
            if (grad is null)
            {
                continue;
            }

            grad.mul_(clip);
            mean.mul_(First).add_(grad, alpha: 1 - First);
            square.mul_(Second).addcmul_(grad, grad, 1 - Second);
            if (decays)
            {
                weight.mul_(1 - rate * decay);
            }

            // The gradient is not needed any more: its memory holds the denominator.
            grad.copy_(square).div_(correctSecond).sqrt_().add_(Epsilon);
            weight.addcdiv_(mean.to(ScalarType.Float32), grad, -rate / correctFirst);
            grad.zero_();
        }
    }

    public void Dispose()
    {
        foreach (var (weight, mean, square, _) in _states)
        {
            weight.requires_grad_(false);
            using var grad = weight.grad;
            weight.grad = null;
            mean.Dispose();
            square.Dispose();
        }
    }
}

using EnergyTTT.Routing.FastWeights;
using EnergyTTT.Routing.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Routing.Tests.FastWeights;

public sealed class SwiGluTests
{
    private const int Rows = 9, Inputs = 6, Hidden = 5, Experts = 7;

    public SwiGluTests() => TorchLibrary.Load();

    [Fact]
    public void The_closed_form_equals_autograd_in_single_precision()
    {
        using var scope = NewDisposeScope();
        var (w, w1, k, v, rates) = Numbers(ScalarType.Float32);

        var (dStacked, dOutputs) = SwiGlu.AscentDirections(w, w1, k, v, null);

        var (aStacked, aOutputs) = ByAutograd(w, w1, k, v);
        AssertClose(aStacked, dStacked, 1e-4);
        AssertClose(aOutputs, dOutputs, 1e-4);
    }

    [Fact]
    public void The_closed_form_equals_finite_differences()
    {
        using var scope = NewDisposeScope();
        var (w, w1, k, v, _) = Numbers(ScalarType.Float64);

        var (dStacked, dOutputs) = SwiGlu.AscentDirections(w, w1, k, v, null);

        AssertClose(ByDifferences(w, changed => Objective(changed, w1, k, v)), dStacked, 1e-7);
        AssertClose(ByDifferences(w1, changed => Objective(w, changed, k, v)), dOutputs, 1e-7);
    }

    [Fact]
    public void Per_token_rates_weigh_the_rows_of_each_matrix_on_their_own()
    {
        using var scope = NewDisposeScope();
        var (w, w1, k, v, rates) = Numbers(ScalarType.Float64);

        var (dStacked, dOutputs) = SwiGlu.AscentDirections(w, w1, k, v, rates);

        // The same by autograd: each matrix sees values weighted by its own rate.
        var gates = ByAutograd(w, w1, k, v * rates.narrow(1, 0, 1)).Stacked.narrow(0, 0, Hidden);
        var ups = ByAutograd(w, w1, k, v * rates.narrow(1, 1, 1)).Stacked.narrow(0, Hidden, Hidden);
        AssertClose(cat([gates, ups], 0), dStacked, 1e-10);
        AssertClose(ByAutograd(w, w1, k, v * rates.narrow(1, 2, 1)).Outputs, dOutputs, 1e-10);
    }

    [Fact]
    public void Splitting_a_chunk_into_four_changes_nothing_because_rows_are_summed()
    {
        using var scope = NewDisposeScope();
        var (w, w1, _, _, _) = Numbers(ScalarType.Float64);
        var (k, v) = (randn(64, Inputs, dtype: ScalarType.Float64), randn(64, Experts, dtype: ScalarType.Float64));

        var whole = SwiGlu.AscentDirections(w, w1, k, v, null);

        var parts = Enumerable.Range(0, 4).Select(i => SwiGlu.AscentDirections(w, w1, k.narrow(0, 16 * i, 16), v.narrow(0, 16 * i, 16), null)).ToArray();
        AssertClose(parts.Select(p => p.Stacked).Aggregate((a, b) => a + b), whole.Stacked, 1e-12);
        AssertClose(parts.Select(p => p.Outputs).Aggregate((a, b) => a + b), whole.Outputs, 1e-12);
    }

    private static (Tensor W, Tensor W1, Tensor K, Tensor V, Tensor Rates) Numbers(ScalarType type)
    {
        var generator = new Generator(11);
        Tensor Random(int rows, int columns) => randn(rows, columns, dtype: ScalarType.Float64, generator: generator).to_type(type);
        return (Random(2 * Hidden, Inputs), Random(Experts, Hidden), Random(Rows, Inputs), Random(Rows, Experts), Random(Rows, 3).abs());
    }

    private static Tensor Objective(Tensor stacked, Tensor outputs, Tensor k, Tensor v)
    {
        var (w0, w2) = (stacked.narrow(0, 0, Hidden), stacked.narrow(0, Hidden, Hidden));
        var h = nn.functional.silu(mm(k, w0.t())) * mm(k, w2.t());
        return (mm(h, outputs.t()) * v).sum();
    }

    private static (Tensor Stacked, Tensor Outputs) ByAutograd(Tensor stacked, Tensor outputs, Tensor k, Tensor v)
    {
        var (w, w1) = (stacked.detach().clone().requires_grad_(), outputs.detach().clone().requires_grad_());
        Objective(w, w1, k, v).backward();
        return (w.grad!, w1.grad!);
    }

    private static Tensor ByDifferences(Tensor weights, Func<Tensor, Tensor> objective)
    {
        const double Step = 1e-5;
        var result = zeros_like(weights);
        for (var i = 0L; i < weights.shape[0]; i++)
        {
            for (var j = 0L; j < weights.shape[1]; j++)
            {
                var bump = zeros_like(weights);
                bump[i, j] = Step;
                result[i, j] = (objective(weights + bump) - objective(weights - bump)) / (2 * Step);
            }
        }

        return result;
    }

    private static void AssertClose(Tensor expected, Tensor actual, double relative)
    {
        var scale = expected.abs().max().to_type(ScalarType.Float64).item<double>();
        var difference = (expected - actual).abs().max().to_type(ScalarType.Float64).item<double>();
        Assert.True(scale > 0 && difference <= relative * scale, $"largest difference {difference}, largest value {scale}");
    }
}

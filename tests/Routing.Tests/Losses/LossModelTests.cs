using CsCheck;
using EnergyTTT.Routing.FastWeights;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Routing.Tests.Losses;

public sealed class LossModelTests
{
    private const int Experts = 11;

    [Fact]
    public void Every_term_equals_its_formula_on_a_case_done_by_hand()
    {
        // Two experts, gate (1/4, 3/4), bias (ln 3, 0): q = (1/2, 1/2). KL = 1/2 ln 2 + 1/2 ln (2/3).
        var sample = new GateSample(2);
        sample.AddProbabilities([0.25f, 0.75f]);
        var model = new LossModel(new()
        {
            Prices = [1, -0.5],
            Heat = [0.4, 0.2],
            Time = [2, 4],
            Offloaded = [1, 0],
            Devices = [0, 1],
            DeviceTargets = [0.7, 0.3],
            Weights = new(Performance: 2, Energy: 4, Thermal: 2, Memory: 1, LoadBalance: 1),
            Softness = 0.5,
        });

        var loss = model.Evaluate(sample, [Math.Log(3), 0]);

        // Tref = 3, tau = 1.5, T = (1, 2).
        Assert.Equal(0.4 * 0.25, loss.Energy, 1e-7);
        Assert.Equal(0.2 * 0.3, loss.Thermal, 1e-7);
        Assert.Equal(0.2 * 1.5 * Math.Log(Math.Exp(1 / 1.5) + Math.Exp(2 / 1.5)) / 3, loss.Performance, 1e-7);
        Assert.Equal(0.1 * 0.5, loss.Memory, 1e-7);
        Assert.Equal(0.1 * (0.04 + 0.04), loss.LoadBalance, 1e-7);
        Assert.Equal((0.5 * Math.Log(2)) + (0.5 * Math.Log(2.0 / 3)), loss.Divergence, 1e-7);
        Assert.Equal(loss.Energy + loss.Thermal + loss.Performance + loss.Memory + loss.LoadBalance + loss.Divergence, loss.Total, 1e-12);
    }

    [Fact]
    public void The_closed_form_gradient_equals_finite_differences()
    {
        // Invariant 11, the half about the bias, for all terms together.
        Gen.Int[0, 1 << 20].Sample(seed =>
        {
            var (model, sample, bias) = Case(seed);
            var gradient = new double[Experts];
            model.Gradient(sample, bias, gradient);

            for (var e = 0; e < Experts; e++)
            {
                const double Step = 1e-5;
                double[] up = [.. bias], down = [.. bias];
                up[e] += Step;
                down[e] -= Step;
                var difference = (model.Evaluate(sample, up).Total - model.Evaluate(sample, down).Total) / (2 * Step);
                if (Math.Abs(difference - gradient[e]) > 1e-4 * gradient.Max(Math.Abs))
                    return false;
            }

            return true;
        }, iter: 50);
    }

    [Fact]
    public void The_closed_form_gradient_equals_autograd()
    {
        TorchLibrary.Load();
        for (var seed = 0; seed < 10; seed++)
        {
            using var scope = NewDisposeScope();
            var (model, sample, bias) = Case(seed);
            var gradient = new double[Experts];
            model.Gradient(sample, bias, gradient);

            var b = tensor(bias).requires_grad_();
            ByTorch(sample, b, Inputs(seed)).backward();
            var automatic = b.grad!.data<double>().ToArray();
            Assert.All(gradient.Zip(automatic), pair => Assert.Equal(pair.Second, pair.First, 1e-4 * automatic.Max(Math.Abs)));
        }
    }

    [Fact]
    public void The_value_computed_by_torch_is_the_same()
    {
        TorchLibrary.Load();
        using var scope = NewDisposeScope();
        var (model, sample, bias) = Case(3);

        Assert.Equal(ByTorch(sample, tensor(bias), Inputs(3)).item<double>(), model.Evaluate(sample, bias).Total, 1e-7);
    }

    [Fact]
    public void Ascending_the_value_of_a_pair_is_descending_the_loss()
    {
        // Invariant 12: with v = -dL/db at b = f_W(x), the closed-form direction of f.v is -dL/dW, by autograd through loss and network.
        TorchLibrary.Load();
        using var scope = NewDisposeScope();
        const int Steps = 6, Inputs = 5, Hidden = 4;
        var generator = new Generator(3);
        var stacked = randn(2 * Hidden, Inputs, dtype: ScalarType.Float64, generator: generator) * 0.4;
        var outputs = randn(Experts, Hidden, dtype: ScalarType.Float64, generator: generator) * 0.4;
        var keys = randn(Steps, Inputs, dtype: ScalarType.Float64, generator: generator);
        var samples = Enumerable.Range(0, Steps).Select(i => Gates.Sample(7, Experts, 90 + i)).ToArray();
        var model = new LossModel(new() { Prices = Gates.Prices(Experts, 1) });

        var biases = SwiGlu.Apply(stacked, outputs, keys).data<double>().ToArray();
        var values = new List<double>();
        for (var i = 0; i < Steps; i++)
        {
            var gradient = new double[Experts];
            model.Gradient(samples[i], biases.AsSpan(i * Experts, Experts), gradient);
            values.AddRange(gradient.Select(g => -g));
        }

        var (dStacked, dOutputs) = SwiGlu.AscentDirections(stacked, outputs, keys, tensor(values.ToArray(), Steps, Experts), null);

        var (w, w1) = (stacked.detach().clone().requires_grad_(), outputs.detach().clone().requires_grad_());
        var h = nn.functional.silu(mm(keys, w.narrow(0, 0, Hidden).t())) * mm(keys, w.narrow(0, Hidden, Hidden).t());
        var f = mm(h, w1.t());
        var loss = Enumerable.Range(0, Steps).Select(i => ByTorch(samples[i], f[i], new() { Prices = Gates.Prices(Experts, 1) })).Aggregate((a, b) => a + b);
        loss.backward();
        Assert.True((dStacked + w.grad!).abs().max().item<double>() < 1e-7 * w.grad!.abs().max().item<double>() + 1e-9);
        Assert.True((dOutputs + w1.grad!).abs().max().item<double>() < 1e-7 * w1.grad!.abs().max().item<double>() + 1e-9);
    }

    [Fact]
    public void A_constant_on_the_bias_changes_neither_loss_nor_gradient()
    {
        var (model, sample, bias) = Case(8);
        var (one, two) = (new double[Experts], new double[Experts]);
        double[] shifted = [.. bias.Select(b => b + 3)];
        model.Gradient(sample, bias, one);
        model.Gradient(sample, shifted, two);

        Assert.Equal(model.Evaluate(sample, bias).Total, model.Evaluate(sample, shifted).Total, 1e-7);
        Assert.All(one.Zip(two), pair => Assert.Equal(pair.First, pair.Second, 1e-7));
        Assert.Equal(0, one.Sum(), 1e-7);
    }

    [Fact]
    public void Without_any_pull_the_gradient_at_no_bias_is_nothing()
    {
        var gradient = new double[Experts];

        new LossModel(new() { Prices = new double[Experts], Time = [.. Enumerable.Repeat(2.0, Experts)] }).Gradient(Gates.Sample(20, Experts, 1), new double[Experts], gradient);

        Assert.All(gradient, g => Assert.Equal(0, g, 1e-12));
    }

    [Fact]
    public void Inputs_that_do_not_fit_are_all_listed()
    {
        var refused = Assert.Throws<ArgumentException>(() => new LossModel(new() { Prices = [1, double.NaN], Heat = [1], DeviceTargets = [], Softness = 0 }));

        Assert.Contains("prices holds a value that is not finite", refused.Message, StringComparison.Ordinal);
        Assert.Contains("heat has 1 values for 2 experts", refused.Message, StringComparison.Ordinal);
        Assert.Contains("softness 0", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { float.NaN, 0f, 0f }, new[] { 0f, 0.5f, 0.5f })]
    [InlineData(new[] { float.NegativeInfinity, 1f, float.NaN }, new[] { 0f, 1f, 0f })]
    [InlineData(new[] { float.PositiveInfinity, 1f, float.PositiveInfinity }, new[] { 0.5f, 0f, 0.5f })]
    [InlineData(new[] { float.NaN, float.NegativeInfinity }, new[] { 0.5f, 0.5f })]
    public void Masks_have_no_mass_and_infinite_logits_share_it(float[] logits, float[] expected)
    {
        var sample = new GateSample(logits.Length);

        sample.Add(logits);

        Assert.Equal(expected, sample.Row(0).ToArray());
    }

    private static LossInputs Inputs(int seed) => new()
    {
        Prices = Gates.Prices(Experts, seed),
        Heat = [.. Gates.Numbers(Experts, seed + 1).Select(Math.Abs)],
        Time = [.. Gates.Numbers(Experts, seed + 2).Select(v => 0.5 + Math.Abs(v))],
        Offloaded = [.. Gates.Numbers(Experts, seed + 3).Select(v => v > 1 ? 1.0 : 0)],
        Devices = [.. Enumerable.Range(0, Experts).Select(e => e % 3)],
        DeviceTargets = [0.5, 0.3, 0.2],
    };

    private static (LossModel Model, GateSample Sample, double[] Bias) Case(int seed) =>
        (new(Inputs(seed)), Gates.Sample(13, Experts, seed + 5, 1.5), Gates.Numbers(Experts, seed + 6, 0.5));

    private static Tensor ByTorch(GateSample sample, Tensor bias, LossInputs inputs)
    {
        var w = inputs.Weights.Normalised();
        var p = tensor(sample.Rows.ToArray(), sample.Count, Experts).to(ScalarType.Float64);
        p = p / p.sum(1, keepdim: true);
        var q = softmax(p.log() + bias, 1);
        var mean = q.mean([0L]);
        var loss = (w.Energy * (mean * tensor(inputs.Prices)).sum()) + (inputs.Divergence * (q * (q.log() - p.log())).sum(1).mean());
        if (inputs.Heat.Length > 0)
            loss = loss + (w.Thermal * (mean * tensor(inputs.Heat)).sum()) + (w.Memory * (mean * tensor(inputs.Offloaded)).sum());
        if (inputs.Devices.Length > 0)
        {
            var on = zeros(3, Experts, dtype: ScalarType.Float64);
            for (var e = 0; e < Experts; e++)
                on[inputs.Devices[e], e] = 1;
            var scale = inputs.Time.Average();
            var time = mv(on, mean * tensor(inputs.Time));
            loss = loss + (w.Performance * 0.1 * (time / (0.1 * scale)).logsumexp(0)) + (w.LoadBalance * (mv(on, mean) - tensor(inputs.DeviceTargets)).square().sum());
        }

        return loss;
    }
}

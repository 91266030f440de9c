namespace EnergyTTT.Routing.Losses;

/// <summary>What a window's loss depends on besides bias and gates. All arrays are per expert <c>[experts]</c> unless said otherwise; they are copied.</summary>
public sealed record LossInputs
{
    /// <summary>cbar: prices with mean 0 and standard deviation 1, without the thermal factor (that is <see cref="Heat"/>).</summary>
    public required double[] Prices { get; init; }

    /// <summary>mu of the device of each expert, 0 to 2; empty = 0.</summary>
    public double[] Heat { get; init; } = [];

    /// <summary>Time that all of a window's load would take if it went to this expert, any unit; empty = the term is constant.</summary>
    public double[] Time { get; init; } = [];

    /// <summary>1 for an expert outside device memory, 0 inside, or a share; empty = 0.</summary>
    public double[] Offloaded { get; init; } = [];

    /// <summary>Device of each expert, 0 to devices - 1; empty = one device.</summary>
    public int[] Devices { get; init; } = [];

    /// <summary>Share of load wanted on each device <c>[devices]</c>, sum 1; empty = the balance term is 0.</summary>
    public double[] DeviceTargets { get; init; } = [];

    /// <summary>Weights of the objectives; normalised inside.</summary>
    public ObjectiveWeights Weights { get; init; } = new();

    /// <summary>beta, the weight of the divergence. Default 1, 0 or more.</summary>
    public double Divergence { get; init; } = 1;

    /// <summary>Jref, the scale of the energy term. Default 1, since prices are standardised already.</summary>
    public double EnergyScale { get; init; } = 1;

    /// <summary>tau over Tref, the softness of the maximum over devices. Default .1, above 0.</summary>
    public double Softness { get; init; } = 0.1;
}

/// <summary>
/// The differentiable loss of a bias over a sample of gates:
/// <c>L(b) = w_E qbar.cbar Jref + w_T qbar.mu + w_P lse_tau(T_g)/Tref + w_M misses + w_B sum_g (share_g - target_g)^2 + beta mean_t KL(q_t||p_t)</c> with <c>q_t = softmax(z_t + b)</c>,
/// <c>qbar = mean_t q_t</c>, <c>T_g = sum of time_e qbar_e over e on g</c>, <c>share_g</c> likewise, <c>Tref</c> = mean time over experts.
/// </summary>
/// <remarks>Immutable. Source: router specification 3.5; the closed-form gradient is checked against autograd and finite differences.</remarks>
public sealed class LossModel
{
    private readonly LossInputs _inputs;
    private readonly ObjectiveWeights _weights;
    private readonly int _devices;
    private readonly double _timeScale;

    /// <summary>Checks and keeps the inputs.</summary>
    /// <exception cref="ArgumentException">Lengths differ, a number is not finite, or a device has no target; the message lists all.</exception>
    public LossModel(LossInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        _weights = inputs.Weights.Normalised();
        Experts = inputs.Prices.Length;
        List<string> wrong = [];
        if (Experts == 0)
            wrong.Add("no expert has a price");
        foreach (var (name, values) in new[] { ("prices", inputs.Prices), ("heat", inputs.Heat), ("time", inputs.Time), ("offloaded", inputs.Offloaded) })
        {
            if (values.Length != Experts && values.Length != 0)
                wrong.Add($"{name} has {values.Length} values for {Experts} experts");
            if (Array.Exists(values, value => !double.IsFinite(value)))
                wrong.Add($"{name} holds a value that is not finite");
        }

        _devices = inputs.Devices.Length == 0 ? 1 : inputs.Devices.Max() + 1;
        if (inputs.Devices.Length != Experts && inputs.Devices.Length != 0 || inputs.Devices.Any(g => g < 0))
            wrong.Add($"{inputs.Devices.Length} devices (none negative) for {Experts} experts expected");
        if (inputs.DeviceTargets.Length != 0 && inputs.DeviceTargets.Length < _devices)
            wrong.Add($"{inputs.DeviceTargets.Length} targets for {_devices} devices");
        if (!(inputs.Softness > 0) || !(inputs.Divergence >= 0) || !double.IsFinite(inputs.EnergyScale))
            wrong.Add($"softness {inputs.Softness} is above 0, divergence {inputs.Divergence} 0 or more, energy scale {inputs.EnergyScale} finite");
        if (wrong.Count > 0)
            throw new ArgumentException(string.Join("; ", wrong), nameof(inputs));

        _inputs = inputs with { Prices = [.. inputs.Prices], Heat = [.. inputs.Heat], Time = [.. inputs.Time], Offloaded = [.. inputs.Offloaded], Devices = [.. inputs.Devices] };
        _timeScale = inputs.Time.Length == 0 ? 0 : inputs.Time.Average();
    }

    /// <summary>E.</summary>
    public int Experts { get; }

    /// <summary>The loss and its terms; not finite if a bias is not.</summary>
    /// <param name="sample">Gates of at least one token.</param>
    /// <param name="bias">b <c>[experts]</c>, logits.</param>
    public LossValue Evaluate(GateSample sample, ReadOnlySpan<double> bias)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var mean = Experts <= 512 ? stackalloc double[Experts] : new double[Experts];
        var divergence = Tilt.Mean(sample.Rows, bias, mean);
        var (time, share) = (new double[_devices], new double[_devices]);
        DeviceSums(mean, time, share);
        var balance = 0.0;
        for (var g = 0; g < _inputs.DeviceTargets.Length; g++)
            balance += Square((g < _devices ? share[g] : 0) - _inputs.DeviceTargets[g]);

        return new(
            _weights.Energy * _inputs.EnergyScale * Dot(mean, _inputs.Prices),
            _weights.Thermal * Dot(mean, _inputs.Heat),
            _timeScale > 0 ? _weights.Performance * SoftMaximum(time) / _timeScale : 0,
            _weights.Memory * Dot(mean, _inputs.Offloaded),
            _weights.LoadBalance * balance,
            _inputs.Divergence * divergence);
    }

    /// <summary><c>dL/db [experts]</c>: the softmax Jacobian of each row applied to <c>dL/dqbar + beta b</c>, averaged. Sums to 0.</summary>
    public void Gradient(GateSample sample, ReadOnlySpan<double> bias, Span<double> gradient)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var direction = Experts <= 512 ? stackalloc double[Experts] : new double[Experts];
        Direction(sample, bias, direction);
        Tilt.Jacobian(sample.Rows, bias, direction, gradient);
        for (var e = 0; e < Experts; e++)
            gradient[e] /= Math.Max(sample.Count, 1);
    }

    /// <summary><c>w = dL/dqbar + beta b</c> at this bias, <c>[experts]</c>: what <see cref="Tilt.Jacobian"/> of any part of the rows takes, so that parts add up to the whole.</summary>
    internal void Direction(GateSample sample, ReadOnlySpan<double> bias, Span<double> direction)
    {
        var mean = Experts <= 512 ? stackalloc double[Experts] : new double[Experts];
        Tilt.Mean(sample.Rows, bias, mean);
        var (time, share) = (new double[_devices], new double[_devices]);
        DeviceSums(mean, time, share);

        // d lse / d T_g = softmax(T / tau)_g.
        var pull = new double[_devices];
        var (tau, largest, sum) = (_inputs.Softness * _timeScale, time.Max(), 0.0);
        for (var g = 0; g < _devices && _timeScale > 0; g++)
            sum += pull[g] = Math.Exp((time[g] - largest) / tau);

        for (var e = 0; e < Experts; e++)
        {
            var g = _inputs.Devices.Length == 0 ? 0 : _inputs.Devices[e];
            direction[e] = (_weights.Energy * _inputs.EnergyScale * _inputs.Prices[e])
                + (_inputs.Heat.Length == 0 ? 0 : _weights.Thermal * _inputs.Heat[e])
                + (_timeScale > 0 ? _weights.Performance * pull[g] / sum * _inputs.Time[e] / _timeScale : 0)
                + (_inputs.Offloaded.Length == 0 ? 0 : _weights.Memory * _inputs.Offloaded[e])
                + (_inputs.DeviceTargets.Length == 0 ? 0 : _weights.LoadBalance * 2 * (share[g] - _inputs.DeviceTargets[g]))
                + (_inputs.Divergence * bias[e]);
        }
    }

    private void DeviceSums(ReadOnlySpan<double> mean, double[] time, double[] share)
    {
        for (var e = 0; e < Experts; e++)
        {
            var g = _inputs.Devices.Length == 0 ? 0 : _inputs.Devices[e];
            share[g] += mean[e];
            time[g] += _inputs.Time.Length == 0 ? 0 : _inputs.Time[e] * mean[e];
        }
    }

    // lse_tau(T) = tau ln sum exp(T / tau), shifted by the largest.
    private double SoftMaximum(double[] time)
    {
        var (tau, largest, sum) = (_inputs.Softness * _timeScale, time.Max(), 0.0);
        foreach (var t in time)
            sum += Math.Exp((t - largest) / tau);
        return largest + (tau * Math.Log(sum));
    }

    private static double Dot(ReadOnlySpan<double> a, double[] b)
    {
        var sum = 0.0;
        for (var e = 0; e < b.Length; e++)
            sum += a[e] * b[e];
        return sum;
    }

    private static double Square(double x) => x * x;
}

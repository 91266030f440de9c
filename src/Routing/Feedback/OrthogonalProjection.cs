using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EnergyTTT.Routing.Feedback;

/// <summary>
/// A fixed linear map from raw features to the feature vector, made of a seed alone: orthonormal rows when it reduces, orthonormal columns when it widens, so that it neither stretches
/// nor tilts. Immutable; equal seeds and shapes give equal matrices on every machine.
/// </summary>
public sealed class OrthogonalProjection
{
    private readonly float[] _matrix;

    /// <summary>Makes the map.</summary>
    /// <param name="inputs">Length of the raw features, 1 or more.</param>
    /// <param name="outputs">Length of the feature vector, 1 or more.</param>
    /// <param name="seed">Seed of the nearly normal numbers that are orthogonalised.</param>
    /// <remarks>
    /// Modified Gram-Schmidt, twice, over sums of twelve uniform numbers from SplitMix64: sums, products, quotients and square roots alone, which IEEE 754 rounds alike everywhere. A logarithm
    /// would differ in its last digit from one machine's library to the next, and with it the digest.
    /// </remarks>
    public OrthogonalProjection(int inputs, int outputs, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        (Inputs, Outputs, Seed) = (inputs, outputs, seed);
        var vectors = Math.Min(inputs, outputs);
        var length = Math.Max(inputs, outputs);
        var basis = Orthonormal(vectors, length, (ulong)(uint)seed);
        _matrix = new float[inputs * outputs];
        for (var o = 0; o < outputs; o++)
        {
            for (var i = 0; i < inputs; i++)
            {
                _matrix[o * inputs + i] = (float)(outputs <= inputs ? basis[o * length + i] : basis[i * length + o]);
            }
        }

        var bytes = new byte[_matrix.Length * sizeof(float)];
        for (var i = 0; i < _matrix.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), _matrix[i]);
        }

        Digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    /// <summary>Length of the raw features.</summary>
    public int Inputs { get; }

    /// <summary>Length of the feature vector.</summary>
    public int Outputs { get; }

    /// <summary>The seed.</summary>
    public int Seed { get; }

    /// <summary>SHA-256 of the matrix, row-major little-endian float32, in hexadecimal.</summary>
    public string Digest { get; }

    /// <summary>The matrix, <c>[outputs, inputs]</c>, row-major.</summary>
    public ReadOnlySpan<float> Matrix => _matrix;

    /// <summary><c>y = A x</c>.</summary>
    /// <param name="raw">x, <c>[inputs]</c>.</param>
    /// <param name="projected">Receives y, <c>[outputs]</c>.</param>
    public void Apply(ReadOnlySpan<double> raw, Span<double> projected)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(raw.Length, Inputs);
        ArgumentOutOfRangeException.ThrowIfNotEqual(projected.Length, Outputs);
        for (var o = 0; o < Outputs; o++)
        {
            var row = _matrix.AsSpan(o * Inputs, Inputs);
            double sum = 0;
            for (var i = 0; i < row.Length; i++)
            {
                sum += row[i] * raw[i];
            }

            projected[o] = sum;
        }
    }

    private static double[] Orthonormal(int vectors, int length, ulong seed)
    {
        var basis = new double[vectors * length];
        var state = seed;
        for (var v = 0; v < vectors; v++)
        {
            var vector = basis.AsSpan(v * length, length);
            for (var i = 0; i < length; i++)
            {
                // Irwin-Hall: twelve uniform numbers less six have mean 0 and variance 1 and are nearly normal.
                double sum = -6;
                for (var k = 0; k < 12; k++)
                {
                    sum += Uniform(ref state);
                }

                vector[i] = sum;
            }

            for (var pass = 0; pass < 2; pass++)
            {
                for (var earlier = 0; earlier < v; earlier++)
                {
                    Subtract(basis.AsSpan(earlier * length, length), vector);
                }
            }

            var norm = Math.Sqrt(Dot(vector, vector));
            for (var i = 0; i < length; i++)
            {
                vector[i] /= norm;
            }
        }

        return basis;
    }

    private static void Subtract(ReadOnlySpan<double> direction, Span<double> vector)
    {
        var along = Dot(direction, vector);
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] -= along * direction[i];
        }
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    // SplitMix64 (Steele, Lea and Flood 2014), upper 53 bits.
    private static double Uniform(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}

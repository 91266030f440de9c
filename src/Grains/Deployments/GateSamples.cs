
using System.Buffers.Binary;
using System.Buffers.Text;


namespace EnergyTTT.Grains.Deployments;

/// <summary>Rows of gate logits as they travel: base64 of little-endian float16, row after row.</summary>
internal static class GateSamples
{
    /// <summary>Whole rows in a sample; -1 when it is no base64 or ends inside a row.</summary>
    public static int Rows(string text, int experts)
    {
        if (!Base64.IsValid(text, out var bytes))
        {
            return -1;
        }

        return bytes > 0 && bytes % (2 * experts) == 0 ? bytes / (2 * experts) : -1;
    }

    /// <summary>The logits, row-major [rows, experts].</summary>
    public static float[] Read(string text)
    {
        var bytes = Convert.FromBase64String(text);
        var logits = new float[bytes.Length / 2];
        for (var i = 0; i < logits.Length; i++)
        {
            logits[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes.AsSpan(2 * i));
        }

        return logits;
    }
}

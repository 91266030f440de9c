using System.Text.Json;
using System.Text.Json.Serialization;

namespace EnergyTTT.Telemetry.PowerCaps;

/// <summary>The limits that cards had before their first cap, in a file that is on the disk before a card is touched and survives any death of the helper.</summary>
internal sealed class PriorLimits
{
    private readonly string _path;
    private readonly Dictionary<string, HeldCap> _held;

    /// <summary>Reads the file; one that is not there is empty.</summary>
    /// <exception cref="InvalidDataException">The file is there and cannot be understood: a person must look at it before caps are set again.</exception>
    public PriorLimits(string path)
    {
        _path = path;
        try
        {
            _held = File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), PowerCapJson.Default.DictionaryStringHeldCap) ?? [] : [];
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"'{path}' holds the power limits that cards had before, and cannot be read: {error.Message}. Look at the cards (nvidia-smi -q -d POWER), then remove the file.", error);
        }
    }

    /// <summary>The cards under a cap.</summary>
    public IReadOnlyDictionary<string, HeldCap> Held => _held;

    /// <summary>Notes a cap; on the disk when this returns.</summary>
    public void Hold(string gpu, HeldCap held)
    {
        _held[gpu] = held;
        Save();
    }

    /// <summary>Forgets a card that has its limit back.</summary>
    public void Forget(string gpu)
    {
        _held.Remove(gpu);
        Save();
    }

    private void Save()
    {
        var fresh = _path + ".new";
        using (var file = new FileStream(fresh, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, _held, PowerCapJson.Default.DictionaryStringHeldCap);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, _path, overwrite: true);
    }
}

/// <summary>A cap on one card.</summary>
/// <param name="PriorWatts">The limit before the first cap.</param>
/// <param name="CapWatts">The cap.</param>
internal sealed record HeldCap(double PriorWatts, double CapWatts);

/// <summary>What the agent asks of the helper: one line of JSON.</summary>
/// <param name="Op"><c>hold</c> (for as long as the lease is renewed) or <c>release</c>.</param>
/// <param name="Gpu">The UUID of the card.</param>
/// <param name="Watts">The cap; for <c>hold</c>.</param>
internal sealed record CapRequest(string Op, string Gpu, double Watts = 0);

/// <summary>What the helper answers: one line of JSON.</summary>
/// <param name="State"><c>enforced</c>, <c>released</c> or <c>refused</c>.</param>
/// <param name="Watts">The limit that was read back from the card; 0 when it was not.</param>
/// <param name="Reason">Why it was refused; null otherwise.</param>
internal sealed record CapAnswer(string State, double Watts, string? Reason = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Dictionary<string, HeldCap>))]
[JsonSerializable(typeof(CapRequest))]
[JsonSerializable(typeof(CapAnswer))]
internal sealed partial class PowerCapJson : JsonSerializerContext;

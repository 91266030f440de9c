using EnergyTTT.Telemetry.Nvml;

namespace EnergyTTT.Telemetry.PowerCaps;

/// <summary>The cards of this host through the driver's library.</summary>
internal sealed class NvmlCappedCards : ICappedCards
{
    private readonly NvmlSession _session;
    private readonly Dictionary<string, nint> _devices;

    private NvmlCappedCards(NvmlSession session)
    {
        _session = session;
        _devices = session.Cards.ToDictionary(card => card.Gpu.Value, card => card.Device, StringComparer.Ordinal);
    }

    /// <summary>Opens the library; null with the reason where there is none.</summary>
    public static NvmlCappedCards? TryOpen(string libraryPath, TimeProvider time, out string reason)
    {
        var session = NvmlSession.TryOpen(libraryPath, time, out var fault);
        reason = session is null ? fault.Explain() : "";
        return session is null ? null : new NvmlCappedCards(session);
    }

    /// <inheritdoc/>
    public CardLimits? Read(string gpu, out string reason)
    {
        if (!_devices.TryGetValue(gpu, out var device))
        {
            reason = $"this host has no GPU '{gpu}'";
            return null;
        }

        var code = _session.Library.ConfiguredLimit(device, out var configured);
        uint enforced = 0, least = 0, greatest = 0;
        code = code == NvmlReturn.Success ? _session.Library.PowerLimit(device, out enforced) : code;
        code = code == NvmlReturn.Success ? _session.Library.PowerLimits(device, out least, out greatest) : code;
        reason = code == NvmlReturn.Success ? "" : code.Explain();
        return code == NvmlReturn.Success ? new CardLimits(configured / 1000.0, enforced / 1000.0, least / 1000.0, greatest / 1000.0) : null;
    }

    /// <inheritdoc/>
    public string? Set(string gpu, double watts) =>
        !_devices.TryGetValue(gpu, out var device) ? $"this host has no GPU '{gpu}'"
        : _session.Library.SetLimit(device, (uint)Math.Round(watts * 1000)) switch
        {
            NvmlReturn.Success => null,
            NvmlReturn.NoPermission => "no permission to set the card's power limit: the helper must run as root or with CAP_SYS_ADMIN",
            var code => "the card refused: " + code.Explain(),
        };

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>
/// Whether the operating system has put a card to sleep. Asking a sleeping card would wake it, so that measuring would cost what it measures. Only cards
/// whose power is managed at run time are looked at; those of servers are not.
/// </summary>
internal sealed class RuntimePower
{
    private readonly string? _status;

    /// <param name="busId">The address as the driver spells it, such as <c>00000000:19:00.0</c>.</param>
    /// <param name="devices">The folder of the bus's devices.</param>
    public RuntimePower(string? busId, string devices = "/sys/bus/pci/devices")
    {
        // The driver's domain has eight digits, the kernel's four.
        if (busId is not { Length: > 4 } || Read(Path.Combine(devices, busId[4..].ToLowerInvariant(), "power", "control")) != "auto")
        {
            return;
        }

        _status = Path.Combine(devices, busId[4..].ToLowerInvariant(), "power", "runtime_status");
    }

    /// <summary>Whether the card sleeps now.</summary>
    public bool Suspended => _status is not null && Read(_status) == "suspended";

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

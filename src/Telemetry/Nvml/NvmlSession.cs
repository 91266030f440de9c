using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>The library loaded and initialised, with the cards that it let us open. Ends by shutting the library down and unloading it.</summary>
internal sealed class NvmlSession : IDisposable
{
    private NvmlSession(NvmlLibrary nvml, IReadOnlyList<NvmlCard> cards, IReadOnlyList<string> closed) => (Library, Cards, Closed) = (nvml, cards, closed);

    /// <summary>The loaded library.</summary>
    public NvmlLibrary Library { get; }

    /// <summary>The cards in the driver's order.</summary>
    public IReadOnlyList<NvmlCard> Cards { get; }

    /// <summary>Cards that are counted but could not be opened, in words; the others are read all the same.</summary>
    public IReadOnlyList<string> Closed { get; }

    /// <summary>Loads the library afresh, since an exchanged driver needs the library that came with it, and opens every card.</summary>
    /// <returns>The session, or null with the reason.</returns>
    public static NvmlSession? TryOpen(string libraryPath, TimeProvider time, out NvmlReturn fault)
    {
        fault = NvmlReturn.LibraryNotFound;
        if (NvmlLibrary.TryLoad(libraryPath) is not { } nvml)
        {
            return null;
        }

        fault = nvml.Init();
        if (fault != NvmlReturn.Success)
        {
            nvml.Dispose();
            return null;
        }

        var cards = new List<NvmlCard>();
        var closed = new List<string>();
        nvml.Driver(out var driver);
        fault = nvml.Count(out var count);
        for (uint index = 0; index < count && fault == NvmlReturn.Success; index++)
        {
            var code = nvml.HandleByIndex(index, out var device);
            var uuid = "";
            code = code == NvmlReturn.Success ? nvml.Uuid(device, out uuid) : code;
            if (code != NvmlReturn.Success || !GpuId.TryParse(uuid, out var gpu))
            {
                closed.Add($"GPU number {index}: {(code == NvmlReturn.Success ? $"'{uuid}' is no identity" : code.Explain())}");
                fault = code.Meaning() == NvmlMeaning.HostFailed ? code : fault;
                continue;
            }

            cards.Add(new NvmlCard(nvml, time, device, gpu, driver));
            fault = cards[^1].Fatal.Meaning() == NvmlMeaning.HostFailed ? cards[^1].Fatal : fault;
        }

        var session = new NvmlSession(nvml, cards, closed);
        if (fault == NvmlReturn.Success)
        {
            return session;
        }

        session.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Library.Shutdown();
        Library.Dispose();
    }
}

using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EnergyTTT.Routing.Torch;

/// <summary>TorchSharp's own native library, <c>libLibTorchSharp.so</c>: where it lies, and a repaired copy where the machine needs one.</summary>
internal static class TorchBridge
{
    public const string FileName = "libLibTorchSharp.so";

    /// <summary>The file as TorchSharp's package brought it.</summary>
    /// <exception cref="DllNotFoundException">It lies in none of the folders where the runtime looks for native libraries.</exception>
    public static string Find()
    {
        var searched = ((string?)AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") ?? string.Empty).Split(':', StringSplitOptions.RemoveEmptyEntries);
        string[] folders = [.. searched, AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native")];
        return Array.Find(Array.ConvertAll(folders, folder => Path.Combine(folder, FileName)), File.Exists)
            ?? throw new DllNotFoundException($"{FileName} of the TorchSharp package lies in none of: {string.Join(", ", folders)}. Publish or build again for linux-x64.");
    }

    /// <summary>Whether this machine's libstdc++ lacks the function that GCC 13 calls.</summary>
    public static bool MachineNeedsRepair() =>
        NativeLibrary.TryLoad("libstdc++.so.6", out var libstdcxx) && !NativeLibrary.TryGetExport(libstdcxx, IostreamRepair.Symbol, out _);

    /// <summary>Path of a repaired copy under <paramref name="cacheFolder"/>, keyed by the hash of the original; written if absent or different.</summary>
    public static string RepairedCopy(string original, string cacheFolder)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("only Linux needs, and can use, the repaired copy");
        var bytes = File.ReadAllBytes(original);
        var folder = Path.Combine(cacheFolder, Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]);
        var path = Path.Combine(folder, FileName);
        var repaired = IostreamRepair.Repair(bytes);

        // The content decides, not the name: a torn or foreign file in the cache must not become code of this process.
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(repaired))
            return path;
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var draft = $"{path}.{Environment.ProcessId}";
        File.WriteAllBytes(draft, repaired);
        File.Move(draft, path, overwrite: true); // Atomic: another process that has the old file mapped keeps it.
        return path;
    }

    /// <summary><c>$XDG_CACHE_HOME</c> or <c>~/.cache</c>, and the temporary folder where there is no home to write to.</summary>
    public static IEnumerable<string> CacheFolders()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set ? set : home.Length > 0 ? Path.Combine(home, ".cache") : null;
        if (cache is not null)
            yield return Path.Combine(cache, "energyttt", "torch");
        yield return Path.Combine(Path.GetTempPath(), $"energyttt-torch-{Environment.UserName}");
    }

    /// <summary>The file to load: the original, or a repaired copy if the original asks for what the machine lacks.</summary>
    public static (string Path, bool Repaired) Prepare()
    {
        var original = Find();
        if (!MachineNeedsRepair() || !IostreamRepair.Concerns(File.ReadAllBytes(original)))
            return (original, false);

        List<string> refusals = [];
        foreach (var folder in CacheFolders())
        {
            try
            {
                return (RepairedCopy(original, folder), true);
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                refusals.Add($"{folder}: {refused.Message}");
            }
        }

        throw new DllNotFoundException(
            $"{original} needs {IostreamRepair.Version}, which this machine's libstdc++ lacks, and no repaired copy could be written ({string.Join("; ", refusals)}). " +
            "Set XDG_CACHE_HOME to a folder that this account may write, or use an image with libstdc++ of GCC 13 or later.");
    }
}

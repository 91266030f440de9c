using System.Diagnostics;
using System.Reflection;

namespace EnergyTTT.Routing.Torch;

/// <summary>The candidates for libtorch, in order: setting, published folder, NuGet package, <c>python3</c>'s PyTorch.</summary>
/// <param name="setting">Value of <c>ENERGYTTT_LIBTORCH</c>; <see langword="null"/> or empty = not set.</param>
/// <param name="productFolder">Where the product's assemblies lie.</param>
/// <param name="packageFolder">Where the build found the NuGet package; <see langword="null"/> for a CUDA build.</param>
/// <param name="python">Asks for PyTorch's <c>lib</c> folder; <see langword="null"/> = there is none. Called only when all else fails.</param>
internal sealed class TorchSearch(string? setting, string productFolder, string? packageFolder, Func<string?> python)
{
    public const string Setting = "ENERGYTTT_LIBTORCH";

    /// <summary>The search of this process.</summary>
    public static TorchSearch OfThisProcess() => new(
        Environment.GetEnvironmentVariable(Setting),
        AppContext.BaseDirectory,
        typeof(TorchSearch).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == "EnergyTTT.LibtorchFolder")?.Value,
        AskPython);

    /// <summary>The first folder that fits.</summary>
    /// <exception cref="DllNotFoundException">None fits; the message lists each candidate, what it lacks, and the ways out.</exception>
    public TorchFolder Find()
    {
        List<string> tried = [];
        foreach (var folder in Candidates())
        {
            if (folder.Missing() is not { } missing)
                return folder;
            tried.Add($"  {Name(folder.Source)}: {folder.Path} ({(Directory.Exists(folder.Path) ? $"has no {missing}" : "does not exist")})");
        }

        if (string.IsNullOrEmpty(setting))
            tried.Add("  PyTorch of python3: none answered");
        throw new DllNotFoundException(
            $"libtorch was not found. Tried:{Environment.NewLine}{string.Join(Environment.NewLine, tried)}{Environment.NewLine}" +
            $"Ways out: set {Setting} to a folder that holds {string.Join(", ", TorchFolder.Needed)} (PyTorch's torch/lib does), " +
            "install PyTorch for python3, or publish with -p:WithLibtorch=true (the default) so that libtorch/ lies beside the product.");
    }

    private IEnumerable<TorchFolder> Candidates()
    {
        // A setting that is wrong must be said, not silently replaced by another torch.
        if (!string.IsNullOrEmpty(setting))
        {
            yield return new(Path.GetFullPath(setting), TorchSource.Setting);
            yield break;
        }

        yield return new(Path.Combine(productFolder, "libtorch"), TorchSource.Published);
        yield return new(Path.TrimEndingDirectorySeparator(productFolder), TorchSource.Published);
        yield return new(Path.Combine(productFolder, "runtimes", "linux-x64", "native"), TorchSource.Published);
        if (packageFolder is not null)
        {
            yield return new(packageFolder, TorchSource.Package);

            // Built on one machine, run on another: the same package in this machine's own NuGet folder.
            if (PackageHere(packageFolder) is { } here && here != packageFolder)
                yield return new(here, TorchSource.Package);
        }

        if (python() is { } lib)
            yield return new(lib, TorchSource.Python);
    }

    private static string? PackageHere(string built)
    {
        var parts = built.Split('/', '\\');
        var root = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return parts.Length < 5 ? null : Path.Combine([root, .. parts[^5..]]);
    }

    private static string Name(TorchSource source) => source switch
    {
        TorchSource.Setting => Setting,
        TorchSource.Published => "published folder",
        TorchSource.Package => "NuGet package",
        _ => "PyTorch of python3",
    };

    /// <summary>Finds the module without importing it, which takes milliseconds instead of seconds.</summary>
    private static string? AskPython()
    {
        const string Question = "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
        try
        {
            using var process = Process.Start(new ProcessStartInfo("python3", ["-c", Question])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            var answer = process!.StandardOutput.ReadToEnd().Trim(); // Start never returns null without UseShellExecute.
            process.WaitForExit();
            return process.ExitCode == 0 && answer.Length > 0 ? Path.Combine(answer, "lib") : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // No python3 on this machine.
        }
    }
}

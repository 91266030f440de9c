using System.Runtime.InteropServices;
using EnergyTTT.Routing.Torch;
using Npgsql;

namespace EnergyTTT.Cli.Installations;

/// <summary>What the doctor finds about the machine itself: the libraries that the product needs of it, and files that must be closed.</summary>
internal static class MachineFindings
{
    private const string Nvml = "libnvidia-ml.so.1";
    private const string DriverFolder = "/proc/driver/nvidia";

    /// <summary>Whether routers can learn here, and whether an agent could measure here.</summary>
    public static IEnumerable<Finding> Libraries()
    {
        const string Check = "libtorch";
        yield return Torch() is { } fault
            ? Finding.Wrong(Check, fault, "Routers cannot learn without it: name the folder of a libtorch with ENERGYTTT_LIBTORCH, install PyTorch for python3, or use the published product, which brings its own.")
            : Finding.Ok(Check, $"loaded from {TorchLibrary.Load().Folder.Path}");
        if (!Directory.Exists(DriverFolder))
        {
            yield return Finding.Ok("NVIDIA driver", "none on this machine: an agent here could only ask exporters");
        }
        else if (NativeLibrary.TryLoad(Nvml, out var library))
        {
            NativeLibrary.Free(library);
            yield return Finding.Ok("NVIDIA driver", $"{Nvml} is there");
        }
        else
        {
            yield return Finding.Wrong("NVIDIA driver", $"The driver is loaded, but {Nvml} is not to be found.", "Install the driver's library (Debian and Ubuntu: libnvidia-ml1 or libnvidia-compute-VERSION); in a container allow the capability 'utility'.");
        }
    }

    /// <summary>Whether the file that a connection string takes its password from is there and closed to others.</summary>
    public static IEnumerable<Finding> PasswordFile(string connection)
    {
        const string Check = "password file";
        var file = Passfile(connection);
        if (file is null)
        {
            yield break;
        }

        yield return !File.Exists(file)
            ? Finding.Wrong(Check, $"{file} does not exist.", "Make it (host:port:database:user:password, * for any), mode 600, or correct Passfile in ConnectionStrings__EnergyTTT.")
            : IsOpenToOthers(file)
                ? Finding.Wrong(Check, $"{file} can be read by others.", $"chmod 600 '{file}', and change the password if others use this machine.")
                : Finding.Ok(Check, $"{file} is closed to others");
    }

    /// <summary>Whether the group or everybody may read a file.</summary>
    public static bool IsOpenToOthers(string file) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;

    private static string? Passfile(string connection)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connection).Passfile;
        }
        catch (ArgumentException)
        {
            return null; // that it cannot be read is found where it is used
        }
    }

    private static string? Torch()
    {
        try
        {
            TorchLibrary.Load();
            return null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException or PlatformNotSupportedException)
        {
            return exception.Message;
        }
    }
}

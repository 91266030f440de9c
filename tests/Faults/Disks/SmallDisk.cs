using System.Diagnostics;

namespace EnergyTTT.Faults.Disks;

/// <summary>A small file system in memory that can be filled to its last block. Needs root's rights.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <summary>Makes one.</summary>
    public static async Task<SmallDisk> Make(int megabytes)
    {
        var path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "ettt-disk-" + Guid.NewGuid().ToString("N")[..8]);
        Directory.CreateDirectory(path);
        await Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=755", "energyttt-faults", path);
        return new SmallDisk(path);
    }

    /// <summary>Fills it up.</summary>
    public void Fill()
    {
        using var file = new FileStream(Ballast, FileMode.Create);
        var block = new byte[64 << 10];
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // Full, as wanted.
        }
    }

    /// <summary>Gives back what <see cref="Fill"/> took.</summary>
    public void Free() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        await Run("umount", Path);
        Directory.Delete(Path);
    }

    private static async Task Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true }) ?? throw new InvalidOperationException($"{program} cannot be started.");
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {said.Trim()}. A small disk is made with root's rights.");
        }
    }
}

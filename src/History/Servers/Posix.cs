using System.Runtime.InteropServices;

namespace EnergyTTT.History.Servers;

/// <summary>The few calls of the C library that the framework does not offer.</summary>
internal static partial class Posix
{
    /// <summary>Ask to stop: PostgreSQL ends its sessions and shuts down cleanly.</summary>
    public const int Interrupt = 2;

    /// <summary>PostgreSQL leaves at once and recovers at the next start.</summary>
    public const int Quit = 3;

    /// <summary>The end without a word.</summary>
    public const int Kill9 = 9;

    /// <summary>Sends a signal; false when the process is gone or not ours.</summary>
    public static bool Signal(int processId, int signal) => Kill(processId, signal) == 0;

    /// <summary>Gives a file or folder to an account.</summary>
    /// <exception cref="IOException">The call failed.</exception>
    public static void GiveTo(string path, ServerAccount account)
    {
        if (ChangeOwner(path, account.UserId, account.GroupId) != 0)
        {
            throw new IOException($"{path} cannot be given to {account.Name}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    /// <summary>The path without symbolic links.</summary>
    /// <exception cref="IOException">It does not exist.</exception>
    public static string RealPath(string path)
    {
        var resolved = Resolve(path, 0);
        try
        {
            return Marshal.PtrToStringUTF8(resolved) ?? throw new IOException($"{path} cannot be resolved: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        finally
        {
            Free(resolved);
        }
    }

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Resolve(string path, nint buffer);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint memory);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, int user, int group);
}

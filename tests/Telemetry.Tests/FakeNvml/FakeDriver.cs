using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.FakeNvml;

/// <summary>
/// A private copy of the fake driver library with its script and clock. The library is compiled from <c>fake_nvml.c</c> once per test run; each test loads a
/// copy of the file, which the loader takes for a library of its own, so that tests do not share cards.
/// </summary>
public sealed class FakeDriver : IDisposable
{
    private static readonly Lazy<string> Modern = new(() => Compile("libnvidia-ml.so.1", []));
    private static readonly Lazy<string> Old = new(() => Compile("libnvidia-ml-old.so.1", ["-DOLD_DRIVER"]));

    private readonly nint _library;

    public FakeDriver(string script, bool old = false)
    {
        Folder = Directory.CreateTempSubdirectory("ettt-nvml-").FullName;
        LibraryPath = Path.Combine(Folder, "libnvidia-ml.so.1");
        ScriptPath = Path.Combine(Folder, "script");
        File.Copy(old ? Old.Value : Modern.Value, LibraryPath);
        File.WriteAllText(ScriptPath, script);
        _library = NativeLibrary.Load(LibraryPath);
        unsafe
        {
            var path = Marshal.StringToCoTaskMemUTF8(ScriptPath);
            var code = ((delegate* unmanaged<nint, int>)NativeLibrary.GetExport(_library, "fake_nvml_script"))(path);
            Marshal.FreeCoTaskMem(path);
            Assert.True(code == 0, "the fake driver did not understand the script:\n" + script);
        }

        Clock = new ScriptClock(this);
        Seconds = 0;
    }

    /// <summary>The folder with the library: an agent finds it there by <c>LD_LIBRARY_PATH</c>.</summary>
    public string Folder { get; }

    public string LibraryPath { get; }

    /// <summary>The script: an agent is given it by <c>ENERGYTTT_FAKE_NVML</c>.</summary>
    public string ScriptPath { get; }

    /// <summary>A clock that stands with the script's, slow calls included.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The script's clock.</summary>
    public unsafe double Seconds
    {
        get => ((delegate* unmanaged<double>)NativeLibrary.GetExport(_library, "fake_nvml_now"))();
        set => ((delegate* unmanaged<double, void>)NativeLibrary.GetExport(_library, "fake_nvml_clock"))(value);
    }

    /// <summary>Calls on cards so far.</summary>
    public unsafe long Calls => ((delegate* unmanaged<long>)NativeLibrary.GetExport(_library, "fake_nvml_calls"))();

    /// <summary>A size or an offset as the C compiler sees it.</summary>
    public unsafe int Layout(string what)
    {
        var text = Marshal.StringToCoTaskMemUTF8(what);
        var value = ((delegate* unmanaged<nint, int>)NativeLibrary.GetExport(_library, "fake_nvml_layout"))(text);
        Marshal.FreeCoTaskMem(text);
        return value;
    }

    public void Dispose()
    {
        NativeLibrary.Free(_library);
        Directory.Delete(Folder, recursive: true);
    }

    private static string Compile(string name, string[] flags)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "FakeNvml", "fake_nvml.c");
        var target = Path.Combine(Directory.CreateTempSubdirectory("ettt-cc-").FullName, name);
        string[] arguments = ["-O2", "-shared", "-fPIC", "-fvisibility=hidden", .. flags, "-o", target, source, "-lm"];
        using var compiler = StartCompiler(arguments);
        var errors = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        return compiler.ExitCode == 0 ? target : throw new InvalidOperationException($"'cc {string.Join(' ', arguments)}' failed: {errors}");
    }

    private static Process StartCompiler(string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("cc", arguments) { RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new InvalidOperationException("These tests compile a fake driver library and found no C compiler 'cc': install one, such as with 'apt-get install gcc libc6-dev'.", fault);
        }
    }

    private sealed class ScriptClock(FakeDriver driver) : TimeProvider
    {
        private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => (long)Math.Round(driver.Seconds * 1e9);

        public override DateTimeOffset GetUtcNow() => Noon + TimeSpan.FromSeconds(driver.Seconds);
    }
}

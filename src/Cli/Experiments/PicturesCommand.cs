using System.CommandLine;
using EnergyTTT.Experiments.Reports;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Cli.Experiments;

/// <summary><c>energyttt experiment pictures</c>: draws a bundle's pictures as SVG files.</summary>
internal static class PicturesCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("bundle") { Description = "A bundle file." };
        var folder = new Option<string>("--output-dir") { Description = "Where the files go.", DefaultValueFactory = _ => "." };
        var command = new Command("pictures", "Draw the pictures of a bundle: joules, differences, experts, curves, temperature, biases.") { file, folder };
        command.SetAction(parsed =>
        {
            try
            {
                var source = parsed.GetValue(file)!; // required
                var bundle = RunBundleFile.Read(File.ReadAllBytes(source.FullName));
                Directory.CreateDirectory(parsed.GetValue(folder)!); // has a default
                RunPictures.Write(bundle, Path.Combine(parsed.GetValue(folder)!, Path.GetFileNameWithoutExtension(source.Name))); // has a default
                return 0;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
            {
                Console.Error.WriteLine(fault.Message);
                return 1;
            }
        });
        return command;
    }
}

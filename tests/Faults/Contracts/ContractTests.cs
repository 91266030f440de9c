using EnergyTTT.Faults.Installations;
using Xunit;

namespace EnergyTTT.Faults.Contracts;

/// <summary>Two versions run side by side during a rolling upgrade: what one says the other must understand.</summary>
public sealed class ContractTests
{
    private const string Rewrite = "ENERGYTTT_WRITE_CONTRACTS";
    private static readonly string Folder = Path.Combine(Repository.Root, "src", "Contracts");

    [Fact]
    public void The_checked_in_manifest_is_that_of_the_program()
    {
        var file = Path.Combine(Folder, "OrleansContracts.txt");
        var now = ContractManifest.Read();
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
        {
            File.WriteAllLines(file, now);
        }

        var kept = File.ReadAllLines(file);

        Assert.True(
            now.SequenceEqual(kept),
            $"What silos exchange or keep has changed. Look at it as at a change of the API, then write src/Contracts/OrleansContracts.txt again: {Rewrite}=1 dotnet test tests/Faults --filter ContractTests.\n"
            + $"Gone:\n{string.Join('\n', kept.Except(now))}\nNew:\n{string.Join('\n', now.Except(kept))}");
    }

    [Fact]
    public void Everything_that_the_version_before_says_is_understood()
    {
        var before = File.ReadAllLines(Path.Combine(Folder, "OrleansContracts.before.txt"));
        var now = ContractManifest.Read();

        Assert.True(before.Length > 100, "the manifest of the version before is empty");
        Assert.True(
            !before.Except(now).Any(),
            "A running cluster could not be upgraded: the version before says what this one no longer understands. Keep the old member, or give the new form a name of its own and take the old one away a version later.\n"
            + string.Join('\n', before.Except(now)));
    }
}

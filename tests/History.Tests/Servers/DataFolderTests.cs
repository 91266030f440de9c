using EnergyTTT.History.Servers;
using Xunit;

namespace EnergyTTT.History.Tests.Servers;

public sealed class DataFolderTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"ettt-folder-{Guid.NewGuid():N}"[..20]);

    public void Dispose()
    {
        if (Directory.Exists(_path))
        {
            Directory.Delete(_path, recursive: true);
        }
    }

    [Fact]
    public void The_variable_names_the_folder() =>
        Assert.Equal("/elsewhere", DataFolder.DefaultPath(name => name == "ENERGYTTT_DATA" ? "/elsewhere" : "/home/x", root: true));

    [Fact]
    public void Root_keeps_its_data_where_the_server_account_can_enter() =>
        Assert.Equal("/var/lib/energyttt", DataFolder.DefaultPath(name => name == "HOME" ? "/root" : null, root: true));

    [Fact]
    public void A_person_keeps_them_in_the_own_data_folder()
    {
        Assert.Equal("/home/ann/.local/share/energyttt", DataFolder.DefaultPath(name => name == "HOME" ? "/home/ann" : null, root: false));
        Assert.Equal("/data/ann/energyttt", DataFolder.DefaultPath(name => name switch { "HOME" => "/home/ann", "XDG_DATA_HOME" => "/data/ann", _ => null }, root: false));
    }

    [Fact]
    public void A_secret_is_made_once_and_is_random()
    {
        var folder = new DataFolder(_path);

        var first = folder.ReadOrCreateSecret("password");

        Assert.Matches("^[0-9A-Za-z]{43}$", first);
        Assert.Equal(first, new DataFolder(_path).ReadOrCreateSecret("password"));
        Assert.NotEqual(first, folder.ReadOrCreateSecret("other"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Secrets, "password")));
    }

    [Fact]
    public void A_secret_can_be_replaced_and_removed()
    {
        var folder = new DataFolder(_path);
        folder.WriteSecret("token", "one");
        folder.WriteSecret("token", "two");

        Assert.Equal("two", folder.ReadSecret("token"));
        folder.DeleteSecret("token");
        Assert.Null(folder.ReadSecret("token"));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    public void A_secret_has_a_plain_name(string name) => Assert.Throws<ArgumentException>(() => new DataFolder(_path).WriteSecret(name, "x"));

    [Fact]
    public void A_folder_that_cannot_be_made_is_named_with_the_way_out()
    {
        var refused = Assert.Throws<DataFolderException>(() => new DataFolder("/proc/nowhere/energyttt"));

        Assert.Contains("/proc/nowhere/energyttt", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ENERGYTTT_DATA", refused.Message, StringComparison.Ordinal);
    }
}

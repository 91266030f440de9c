using EnergyTTT.Portal.Access;

namespace EnergyTTT.Portal.Tests.Access;

public sealed class SetupTokenTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("energyttt-token-").FullName;

    private SetupToken Token => new(Path.Combine(_folder, "secrets", "setup-token"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_token_stays_the_same_until_it_is_spent()
    {
        var first = Token.Read();

        Assert.Equal(first, Token.Read());
        Assert.Matches("^[a-z2-9]{5}(-[a-z2-9]{5}){5}$", first);
    }

    [Fact]
    public void Only_the_servers_account_can_read_the_file()
    {
        Token.Read();

        var mode = OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException("the product runs on Linux") : File.GetUnixFileMode(Token.Path);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
    }

    [Fact]
    public void Only_the_token_matches()
    {
        var token = Token.Read();

        Assert.True(Token.Matches(token));
        Assert.True(Token.Matches($" {token}\n"));
        Assert.False(Token.Matches(null));
        Assert.False(Token.Matches(""));
        Assert.False(Token.Matches(token.ToUpperInvariant()));
        Assert.False(Token.Matches(token[..^1]));
    }

    [Fact]
    public void A_spent_token_matches_nothing()
    {
        var token = Token.Read();

        Token.Spend();
        Token.Spend();

        Assert.False(Token.Matches(token));
    }

    [Fact]
    public void Many_who_start_at_once_agree_on_one_token()
    {
        var tokens = Enumerable.Range(0, 32).AsParallel().WithDegreeOfParallelism(8).Select(_ => Token.Read()).Distinct().ToList();

        Assert.Single(tokens);
        Assert.Equal(["setup-token"], Directory.GetFiles(Path.Combine(_folder, "secrets")).Select(Path.GetFileName));
    }
}

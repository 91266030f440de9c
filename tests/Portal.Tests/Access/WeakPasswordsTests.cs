using EnergyTTT.Portal.Access;

namespace EnergyTTT.Portal.Tests.Access;

public sealed class WeakPasswordsTests
{
    [Theory]
    [InlineData("aaaaaaaaaaaaaaaa")]
    [InlineData("abcabcabcabc")]
    [InlineData("123456789012")]
    [InlineData("qwertyuiopas")]
    [InlineData("password12345")]
    [InlineData("EnergyTTT2026!")]
    [InlineData("ada-lovelace-is-here")]
    public void Passwords_that_length_alone_does_not_save_are_refused(string password) => Assert.NotNull(WeakPasswords.Why(password, "ada-lovelace"));

    [Theory]
    [InlineData("correct horse battery staple")]
    [InlineData("zwölf Boxkämpfer jagen")]
    [InlineData("tR7#kq0-vLm2")]
    [InlineData("password of a very different kind of lock")]
    public void Others_pass_whatever_their_characters(string password) => Assert.Null(WeakPasswords.Why(password, "ada"));

    [Theory]
    [InlineData("/fleet?var-site=ams", "/fleet?var-site=ams")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("/a\r\nSet-Cookie: x", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void Nobody_is_sent_to_another_site_after_signing_in(string? address, string expected) => Assert.Equal(expected, LocalAddress.Of(address));
}

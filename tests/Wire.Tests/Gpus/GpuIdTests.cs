using System.Text.Json;
using CsCheck;
using EnergyTTT.Wire.Gpus;
using Xunit;

namespace EnergyTTT.Wire.Tests.Gpus;

public sealed class GpuIdTests
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";

    [Fact]
    public void Every_identity_survives_its_grain_key_and_json() =>
        Gen.Char[Letters].Array[1, GpuId.MaxLength].Sample(characters =>
        {
            var id = GpuId.Parse(new string(characters));

            Assert.Equal(id, GpuId.FromGrainKey(id.GrainKey));
            Assert.Equal(id, JsonSerializer.Deserialize<GpuId>(JsonSerializer.Serialize(id)));
            Assert.Equal(new string(characters), id.ToString());
        });

    [Fact]
    public void A_text_with_any_other_character_is_refused() =>
        Gen.Select(Gen.Char[Letters].Array[0, 20], Gen.Char.Where(c => !Letters.Contains(c)), Gen.Char[Letters].Array[0, 20]).Sample((before, foreign, after) =>
            Assert.False(GpuId.TryParse(new string([.. before, foreign, .. after]), out _)));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public void Nothing_is_no_identity(string? text) => Assert.False(GpuId.TryParse(text, out _));

    [Fact]
    public void An_identity_of_97_characters_is_too_long()
    {
        Assert.True(GpuId.TryParse(new string('a', 96), out _));

        var error = Assert.Throws<FormatException>(() => GpuId.Parse(new string('a', 97)));
        Assert.Contains("1 to 96", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GPU-1")]
    [InlineData("router/GPU-1")]
    [InlineData("gpu/")]
    public void A_foreign_grain_key_is_refused(string key) => Assert.Throws<FormatException>(() => GpuId.FromGrainKey(key));
}

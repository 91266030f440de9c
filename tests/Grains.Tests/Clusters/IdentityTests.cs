using System.Reflection;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Grains.Gpus;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Xunit;

namespace EnergyTTT.Grains.Tests.Clusters;

/// <summary>The storage key is grain key, state name and service id: it leaves the class out, and hexadecimal-looking keys collide.</summary>
public sealed class IdentityTests
{
    private static readonly Type[] Interfaces = [.. typeof(IGpuGrain).Assembly.GetTypes().Where(type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type))];

    [Fact]
    public void Every_grain_class_has_state_names_of_its_own()
    {
        var names = typeof(GpuGrain).Assembly.GetTypes()
            .Where(type => typeof(Grain).IsAssignableFrom(type))
            .SelectMany(type => type.GetConstructors().SelectMany(constructor => constructor.GetParameters()))
            .Select(parameter => parameter.GetCustomAttribute<PersistentStateAttribute>()?.StateName)
            .OfType<string>()
            .ToList();

        Assert.Equal(names.Distinct(StringComparer.OrdinalIgnoreCase).Count(), names.Count);
    }

    [Fact]
    public void Every_grain_has_a_string_key_and_a_spelt_out_identity()
    {
        Assert.NotEmpty(Interfaces);
        Assert.All(Interfaces, type => Assert.True(typeof(IGrainWithStringKey).IsAssignableFrom(type), $"{type} has a key that storage could confuse"));
        Assert.All(Interfaces, type => Assert.True(type.IsDefined(typeof(GrainInterfaceTypeAttribute), false), $"{type} has no [GrainInterfaceType]"));
        Assert.All(Interfaces.SelectMany(type => type.GetMethods()).Where(method => method.IsAbstract), method => Assert.True(method.IsDefined(typeof(AliasAttribute), false), $"{method.DeclaringType}.{method.Name} has no [Alias]"));
    }

    [Theory]
    [InlineData("gpu/0a1")]
    [InlineData(IFleetGrain.Key)]
    public void Keys_carry_a_prefix_with_a_letter_beyond_f_and_a_slash(string key)
    {
        var prefix = key[..key.IndexOf('/', StringComparison.Ordinal)];

        Assert.Contains(prefix, letter => letter is > 'f' and <= 'z');
        Assert.Equal("gpu/0a1", GpuId.Parse("0a1").GrainKey);
    }

    [Fact]
    public void A_state_with_every_field_survives_the_road_between_silos()
    {
        using var services = new ServiceCollection().AddSerializer(serializer => serializer.AddAssembly(typeof(IGpuGrain).Assembly)).BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var gpu = GpuId.Parse("GPU-1");
        var frame = new Frame
        {
            Gpu = gpu, Sequence = 7, Time = DateTimeOffset.UnixEpoch.AddDays(20_000), Seconds = 1.5, Origin = Origin.Replayed, EnergyJoules = 1, EnergyMethod = EnergyMethod.Integral,
            PowerAverageWatts = 2, PowerMaxWatts = 3, TemperatureCelsius = 4, MemoryTemperatureCelsius = 5, ThermalMarginCelsius = -6, UtilizationRatio = 0.7, MemoryActivityRatio = 0.8,
            MemoryUsedBytes = 9, MemoryTotalBytes = 10, SmClockHertz = 11, MemoryClockHertz = 12, PowerLimitWatts = 13, FanRatio = 0.14,
            ThrottleSeconds = new ThrottleSeconds { SwPowerCap = 1, SwThermal = 2, HwThermal = 3, PowerBrake = 4 }, Tokens = 15, Samples = 16,
        };
        var state = new GpuState
        {
            Gpu = gpu, Site = "s", Rack = "r", Host = "h", Latest = frame, Received = DateTimeOffset.UnixEpoch, ClockSkewSeconds = 0.5, ForecastCelsius = 60, ForecastErrorCelsius = 1, EnergyTotalJoules = 2,
            Description = new GpuDescription { Gpu = gpu, Model = "m", Driver = "d", PowerLimitMaxWatts = 700, PciBusId = "p", State = "ok", StateReason = "none" },
        };

        var there = serializer.Deserialize<GpuState>(serializer.SerializeToArray(state));

        Assert.Equal(state, there);
        Assert.Equal(new Frame { Gpu = gpu, Sequence = 1, Time = default, Seconds = 1, Origin = Origin.Measured }, serializer.Deserialize<Frame>(serializer.SerializeToArray(new Frame { Gpu = gpu, Sequence = 1, Time = default, Seconds = 1, Origin = Origin.Measured })));
    }
}

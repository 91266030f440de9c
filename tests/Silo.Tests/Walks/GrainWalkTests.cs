using System.Collections.Immutable;
using System.Reflection;
using EnergyTTT.Contracts.Access;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Grains.Access;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EnergyTTT.Silo.Tests.Walks;

/// <summary>ASVS 8.2.1, 8.3.1: every method of every grain is in the table of rights, and a grain refuses whom the table does not name, whoever forgot to ask before.</summary>
[Collection(AccessCollection.Name)]
public sealed class GrainWalkTests(AccessHost host)
{
    private static readonly MethodInfo[] Methods = [.. typeof(IGpuGrain).Assembly.GetTypes().Where(type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type)).SelectMany(type => type.GetMethods()).Where(method => method.IsAbstract)];

    /// <summary>What each right lets in: viewer, operator, bound operator (of another scope), administrator, agent, engine, nobody.</summary>
    private static readonly Dictionary<GrainRight, string> Allowed = new()
    {
        [GrainRight.Internal] = "",
        [GrainRight.Anyone] = "vobagen",
        [GrainRight.Look] = "voba",
        [GrainRight.LookOrEngine] = "vobae",
        [GrainRight.Engine] = "ae",
        [GrainRight.OperateOrEngine] = "oae",
        [GrainRight.Operate] = "oa",
        [GrainRight.OperateOwn] = "oba",
        [GrainRight.Administer] = "a",
        [GrainRight.Record] = "obage",
    };

    private static readonly Dictionary<char, Caller> Callers = new()
    {
        ['v'] = new("person/vera", "viewer", []),
        ['o'] = new("person/olga", "operator", []),
        ['b'] = new("person/bob", "operator", ["deployment/other"]),
        ['a'] = new("person/ada", "administrator", []),
        ['g'] = new("key/agent", "agent", []),
        ['e'] = new("key/engine", "engine", []),
        ['n'] = Caller.Nobody,
    };

    [Fact]
    public void Every_method_of_every_grain_is_in_the_table_and_every_row_is_a_method()
    {
        var names = Methods.Select(GrainRights.NameOf).ToList();

        Assert.Equal([], names.Except(GrainRights.Table.Keys).Order());
        Assert.Equal([], GrainRights.Table.Keys.Except(names).Order());
    }

    [Fact]
    public async Task V8_2_1_V8_3_1_A_grain_refuses_whom_the_table_does_not_name()
    {
        List<string> wrong = [];
        foreach (var method in Methods)
        {
            var name = GrainRights.NameOf(method);
            var right = GrainRights.Table[name];
            foreach (var (letter, caller) in Callers.Where(caller => !Allowed[right].Contains(caller.Key)))
            {
                if (await Outcome(method, caller) is { } outcome)
                {
                    wrong.Add($"{name} for {caller.Name}: {outcome}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public void The_table_lets_in_whom_it_names()
    {
        var grain = GrainId.Create("policy", "policy/deployment/qwen");
        foreach (var (right, letters) in Allowed)
        {
            Assert.Equal(letters.Order(), Callers.Where(caller => GrainRights.Allow(right, caller.Value, grain)).Select(caller => caller.Key).Order());
        }
    }

    [Theory]
    [InlineData("deployment/qwen", "deployment/qwen", true)]
    [InlineData("deployment/qwen", "deployment/qwen2", false)]
    [InlineData("deployment/qwen", "fleet", false)]
    [InlineData("deployment/*", "deployment/qwen", true)]
    [InlineData("deployment/*", "site/ams", false)]
    [InlineData("fleet", "rack/r1", true)]
    [InlineData(null, "fleet", true)]
    public void A_bound_operator_changes_what_belongs_to_the_scopes_and_nothing_else(string? boundTo, string scope, bool allowed)
    {
        var caller = new Caller("person/bob", "operator", boundTo is null ? [] : [boundTo]);

        Assert.Equal(allowed, caller.MayOperate(scope));
        Assert.True(new Caller("person/ada", "administrator", ["none"]).MayOperate(scope));
        Assert.False(new Caller("person/vera", "viewer", [scope]).MayOperate(scope));
    }

    /// <summary>Null when the grain refused; else what it did.</summary>
    private async Task<string?> Outcome(MethodInfo method, Caller caller)
    {
        var key = method.DeclaringType!.Name switch // an interface's method has one
        {
            "IPolicyGrain" => "policy/deployment/walk",
            "IDeploymentGrain" => "deployment/walk",
            "IRouterGrain" => "router/walk/0",
            "IGpuGrain" => "gpu/GPU-walk",
            "IRunGrain" => "run/00000000-0000-0000-0000-000000000001",
            var other => char.ToLowerInvariant(other[1]) + other[2..^5] + "/walk",
        };
        var grain = host.Services.GetRequiredService<IGrainFactory>().GetGrain(method.DeclaringType, key);
        var arguments = method.GetParameters().Select(parameter => parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null).ToArray();
        for (var i = 0; i < arguments.Length; i++)
        {
            if (method.GetParameters()[i].ParameterType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>))
            {
                arguments[i] = type.GetField("Empty")!.GetValue(null); // ImmutableArray has it
            }
        }

        Caller.Set(caller);
        try
        {
            await (Task)method.Invoke(grain, arguments)!; // grain methods answer tasks
            return method.IsDefined(typeof(Orleans.Concurrency.OneWayAttribute)) ? null : "answered";
        }
        catch (NotAllowedException)
        {
            return null;
        }
        catch (Exception exception)
        {
            return exception.GetType().Name + " " + exception.Message;
        }
        finally
        {
            RequestContext.Clear();
        }
    }
}

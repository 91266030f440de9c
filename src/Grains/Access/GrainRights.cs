using System.Collections.Frozen;
using System.Reflection;
using EnergyTTT.Contracts.Access;
using Orleans.Runtime;

namespace EnergyTTT.Grains.Access;

/// <summary>
/// The one table of who may call which method of which grain from outside, by the names under which they travel. What is not in it counts
/// as <see cref="GrainRight.Operate"/>, and a test fails until it is.
/// </summary>
public static class GrainRights
{
    /// <summary>The table: <c>interface.method</c>, both by alias.</summary>
    public static FrozenDictionary<string, GrainRight> Table { get; } = new Dictionary<string, GrainRight>
    {
        ["fleet.snapshot"] = GrainRight.Anyone,
        ["gpu.record"] = GrainRight.Internal,
        ["gpu.latest"] = GrainRight.Look,
        ["gpu.window"] = GrainRight.Look,
        ["deployment.describe"] = GrainRight.OperateOrEngine,
        ["deployment.view"] = GrainRight.LookOrEngine,
        ["deployment.report"] = GrainRight.Engine,
        ["deployment.epoch"] = GrainRight.Engine,
        ["deployment.place"] = GrainRight.Engine,
        ["deployment.policy-changed"] = GrainRight.Internal,
        ["deployment.vitals"] = GrainRight.Internal,
        ["deployment.applied"] = GrainRight.Engine,
        ["router.configure"] = GrainRight.Internal,
        ["router.learn"] = GrainRight.Internal,
        ["router.propose"] = GrainRight.Internal,
        ["router.view"] = GrainRight.Look,
        ["router.snapshot"] = GrainRight.Operate,
        ["router.restore"] = GrainRight.Operate,
        ["router.freeze"] = GrainRight.Operate,
        ["router.adopt"] = GrainRight.Operate,
        ["router.compare"] = GrainRight.Look,
        ["router.samples"] = GrainRight.Look,
        ["router.explain"] = GrainRight.Look,
        ["policy.current"] = GrainRight.Look,
        ["policy.versions"] = GrainRight.Look,
        ["policy.chain"] = GrainRight.Look,
        ["policy.scopes"] = GrainRight.Look,
        ["policy.check"] = GrainRight.Look,
        ["policy.save"] = GrainRight.Operate,
        ["policy.roll"] = GrainRight.Operate,
        ["policy.act"] = GrainRight.Operate,
        ["policy.decide"] = GrainRight.Operate,
        ["policy.changed"] = GrainRight.Internal,
        ["rollout.progress"] = GrainRight.Look,
        ["rollout.act"] = GrainRight.Internal,
        ["rollout.wake"] = GrainRight.Internal,
        ["version-runs.look"] = GrainRight.Internal,
        ["backtest.run"] = GrainRight.Look,
        ["alerts.overview"] = GrainRight.Look,
        ["alerts.counts"] = GrainRight.Anyone,
        ["alerts.things"] = GrainRight.Look,
        ["alerts.preview"] = GrainRight.Look,
        ["alerts.check"] = GrainRight.Look,
        ["alerts.save-rule"] = GrainRight.Administer,
        ["alerts.acknowledge"] = GrainRight.OperateOwn,
        ["alerts.silence"] = GrainRight.OperateOwn,
        ["alerts.end-silence"] = GrainRight.OperateOwn,
        ["alerts.save-maintenance"] = GrainRight.OperateOwn,
        ["alerts.save-contact"] = GrainRight.Administer,
        ["alerts.test-contact"] = GrainRight.Administer,
        ["alerts.wake"] = GrainRight.Internal,
        ["run.start"] = GrainRight.Record,
        ["run.record"] = GrainRight.Record,
        ["run.beat"] = GrainRight.Record,
        ["run.finish"] = GrainRight.Record,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The name of a method in the table.</summary>
    public static string NameOf(MethodInfo method)
    {
        ArgumentNullException.ThrowIfNull(method);
        var type = method.DeclaringType!.GetCustomAttributesData().FirstOrDefault(it => it.AttributeType == typeof(GrainInterfaceTypeAttribute))?.ConstructorArguments[0].Value as string ?? method.DeclaringType.Name; // an interface's method has one
        return $"{type}.{method.GetCustomAttribute<AliasAttribute>()?.Alias ?? method.Name}";
    }

    /// <summary>Whether the caller may call a method with this right on a grain.</summary>
    public static bool Allow(GrainRight right, Caller caller, GrainId grain)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return right switch
        {
            GrainRight.Anyone => true,
            GrainRight.Look => caller.Role is "viewer" or "operator" or "administrator",
            GrainRight.LookOrEngine => caller.Role is "viewer" or "operator" or "administrator" or "engine",
            GrainRight.Engine => caller.Role is "engine" or "administrator",
            GrainRight.OperateOrEngine => caller.Role is "engine" || caller.MayOperate(ScopeOf(grain)),
            GrainRight.Operate => caller.MayOperate(ScopeOf(grain)),
            GrainRight.OperateOwn => caller.Role is "operator" or "administrator",
            GrainRight.Administer => caller.Role is "administrator",
            GrainRight.Record => caller.Role is "agent" or "engine" or "operator" or "administrator",
            _ => false,
        };
    }

    /// <summary>The scope that a grain belongs to, from its key: that of a policy, the deployment of a router; otherwise the fleet.</summary>
    public static string ScopeOf(GrainId grain) => grain.Key.ToString()?.Split('/') switch
    {
        ["policy", .. var scope] => string.Join('/', scope),
        ["router" or "deployment", var deployment, ..] => "deployment/" + deployment,
        _ => "fleet",
    };
}

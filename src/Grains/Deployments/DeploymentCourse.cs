namespace EnergyTTT.Grains.Deployments;

/// <summary>How far the steering of a deployment has come: the promotion protocol's state of one generation (a policy version and its strategy).</summary>
[GenerateSerializer, Immutable, Alias("deployment-course")]
public sealed record DeploymentCourse
{
    /// <summary>The name of the persisted state; unique among all grain classes.</summary>
    public const string StateName = "deployment-course";

    /// <summary>Versions the persisted form.</summary>
    [Id(0)] public int Format { get; init; } = 1;

    /// <summary>The policy version of the generation; -1 before the first.</summary>
    [Id(1)] public long PolicyVersion { get; init; } = -1;

    /// <summary>The strategy of the generation.</summary>
    [Id(2)] public string Strategy { get; init; } = "";

    /// <summary>Where the generation stands.</summary>
    [Id(3)] public CourseStage Stage { get; init; } = CourseStage.Shadow;

    /// <summary>When the stage began, by the server's clock.</summary>
    [Id(4)] public DateTimeOffset Since { get; init; }

    /// <summary>Why it began.</summary>
    [Id(5)] public string Reason { get; init; } = "";

    /// <summary>The rollout that the generation is tried in; 0 for none.</summary>
    [Id(6)] public long Rollout { get; init; }
}

/// <summary>The stages of router specification 3.8.</summary>
[GenerateSerializer, Alias("course-stage")]
public enum CourseStage
{
    /// <summary>Learned and recorded, not yet in force anywhere.</summary>
    Shadow = 0,

    /// <summary>In force in half of the blocks, drawn at random.</summary>
    Canary = 1,

    /// <summary>In force but for the hold-out.</summary>
    Promoted = 2,

    /// <summary>Withdrawn; engines run unsteered.</summary>
    Reverted = 3,
}

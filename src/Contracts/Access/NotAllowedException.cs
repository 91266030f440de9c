namespace EnergyTTT.Contracts.Access;

/// <summary>The caller may not do this. Thrown by grains that were asked all the same; nothing was changed.</summary>
[GenerateSerializer, Alias("not-allowed")]
public sealed class NotAllowedException : Exception
{
    /// <summary>With who asked for what, and who may.</summary>
    public NotAllowedException(string message)
        : base(message)
    {
    }

    /// <summary>For the serialiser.</summary>
    public NotAllowedException()
    {
    }

    /// <summary>For the serialiser.</summary>
    public NotAllowedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

namespace EnergyTTT.Client.Epochs;

/// <summary>An epoch was made for another engine: another bias space, another number of layers or experts. Nothing of it is applied.</summary>
public sealed class SteeringMismatchException : Exception
{
    /// <summary>Says what does not fit.</summary>
    public SteeringMismatchException(string message)
        : base(message)
    {
    }

    /// <summary>Says what does not fit, and why.</summary>
    public SteeringMismatchException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>An epoch does not fit.</summary>
    public SteeringMismatchException()
    {
    }
}

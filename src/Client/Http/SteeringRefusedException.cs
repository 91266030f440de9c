using System.Net;

namespace EnergyTTT.Client.Http;

/// <summary>The server said no: a wrong key, an unknown deployment, a message that does not fit.</summary>
public sealed class SteeringRefusedException : Exception
{
    /// <summary>Keeps what the server's problem document says.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="code">The stable code of the problem document; <c>unknown</c> without one.</param>
    /// <param name="detail">What the server says is wrong.</param>
    public SteeringRefusedException(HttpStatusCode status, string code, string detail)
        : base($"The server refused with {(int)status} {code}: {detail}")
    {
        Status = status;
        Code = code;
    }

    /// <summary>The server said no.</summary>
    public SteeringRefusedException()
        : this(0, "unknown", "no reason was given")
    {
    }

    /// <summary>The server said no.</summary>
    public SteeringRefusedException(string message)
        : base(message) => Code = "unknown";

    /// <summary>The server said no.</summary>
    public SteeringRefusedException(string message, Exception innerException)
        : base(message, innerException) => Code = "unknown";

    /// <summary>The HTTP status.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>The stable code.</summary>
    public string Code { get; }

    /// <summary>When the server asked to be called again; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether saying the same again can help: the server is busy, away, or the key may yet be granted.</summary>
    public bool MayPass => (int)Status >= 500 || Status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
}

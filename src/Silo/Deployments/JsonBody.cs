using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EnergyTTT.Silo.Frames;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Deployments;

/// <summary>Reads a bounded JSON body, and says where it is wrong.</summary>
internal static class JsonBody
{
    /// <summary>The message; the usual one where there is no body; with the problem that kept it out, if one did.</summary>
    public static async Task<(T Message, Problem? Problem)> ReadOr<T>(HttpRequest request, T usual, JsonTypeInfo<T> type, int most, CancellationToken cancellationToken)
        where T : class
    {
        if (request.ContentLength is not > 0 && request.Headers.TransferEncoding.Count == 0)
        {
            return (usual, null);
        }

        var (message, problem) = await Read(request, type, most, cancellationToken);
        return (message ?? usual, problem);
    }

    /// <summary>The message, or the problem that kept it out; exactly one of the two is there.</summary>
    public static async Task<(T? Message, Problem? Problem)> Read<T>(HttpRequest request, JsonTypeInfo<T> type, int most, CancellationToken cancellationToken)
        where T : class
    {
        if (!request.HasJsonContentType())
        {
            return (null, new Problem(415, "unsupported_media_type", "The body's type is not known.", "Send Content-Type: application/json."));
        }

        using var body = await BodyReader.Read(request, most, cancellationToken);
        if (body.Problem is { } problem)
        {
            return (null, problem);
        }

        try
        {
            return JsonSerializer.Deserialize(body.Bytes.Span, type) is { } message
                ? (message, null)
                : (null, new Problem(400, "not_json", "The body is not the JSON that is expected.", "It is null; an object is expected."));
        }
        catch (JsonException error)
        {
            return (null, new Problem(400, "not_json", "The body is not the JSON that is expected.", $"At {error.Path ?? "$"}, line {error.LineNumber + 1}, byte {error.BytePositionInLine}: a field is missing, has another type, or the text is no JSON."));
        }
    }
}

using System.Buffers;
using System.IO.Compression;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Frames;

/// <summary>
/// The bytes of a request's body in one rented piece, unpacked when they came as gzip. The bound holds for what comes out, so a small
/// body that unpacks to gigabytes is stopped at the bound and costs no more than a large honest one.
/// </summary>
internal sealed class BodyReader : IDisposable
{
    private const int FirstPiece = 16 << 10;
    private byte[] _bytes;

    private BodyReader(byte[] bytes) => _bytes = bytes;

    /// <summary>Why the body cannot be taken, or null.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, Length);

    private int Length { get; set; }

    /// <summary>Reads the body of the request; at most <paramref name="most"/> bytes after unpacking.</summary>
    public static async Task<BodyReader> Read(HttpRequest request, int most, CancellationToken cancellationToken)
    {
        var declared = request.ContentLength;
        var encoding = request.Headers.ContentEncoding.ToString();
        var packed = encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase);
        var body = new BodyReader(ArrayPool<byte>.Shared.Rent(!packed && declared is > 0 && declared <= most ? (int)declared + 1 : FirstPiece));
        if (!packed && encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            body.Problem = new Problem(415, "unsupported_encoding", "The body's encoding is not known.", "Send it as it is or with Content-Encoding: gzip.");
        }
        else if (declared > most)
        {
            body.Problem = TooLarge(most);
        }
        else
        {
            await body.Fill(request, packed, most, cancellationToken);
        }

        return body;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }

    private async Task Fill(HttpRequest request, bool packed, int most, CancellationToken cancellationToken)
    {
        try
        {
            var unpacked = packed ? new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true) : null;
            await using (unpacked)
            {
                await Fill(unpacked ?? request.Body, most, cancellationToken);
            }
        }
        catch (InvalidDataException)
        {
            Problem = new Problem(400, "not_gzip", "The body is not gzip.", "Content-Encoding says gzip, but the bytes do not unpack.");
        }
        catch (BadHttpRequestException exception)
        {
            Problem = exception.StatusCode == 413 ? TooLarge(most) : new Problem(400, "broken_body", "The body broke off.", exception.Message);
        }
    }

    private async Task Fill(Stream stream, int most, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Length == _bytes.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(2 * Length);
                _bytes.AsSpan(0, Length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = larger;
            }

            var read = await stream.ReadAsync(_bytes.AsMemory(Length), cancellationToken);
            if (read == 0)
            {
                return;
            }

            Length += read;
            if (Length > most)
            {
                Problem = TooLarge(most);
                return;
            }
        }
    }

    private static Problem TooLarge(int most) =>
        new(413, "too_large", "The body is too large.", $"At most {most} bytes are taken, after unpacking; send several batches.");
}

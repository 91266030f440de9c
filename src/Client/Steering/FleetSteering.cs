using EnergyTTT.Client.Epochs;
using EnergyTTT.Client.Feedback;
using EnergyTTT.Client.Http;
using EnergyTTT.Selection.Signatures;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Client.Steering;

/// <summary>
/// Steering of one replica by a server: epochs come in, feedback goes out, both behind. The engine calls <see cref="Layer"/> and
/// <see cref="SteeredLayer.Select"/> and nothing else.
/// </summary>
/// <remarks>
/// An epoch is used until it expires by the monotonic clock; then, and whenever the server is away, selection is plain top-k. Steering comes
/// back by itself. One thread drives the layers of a replica, in rising order; the layer with the lowest index among those in use opens each step.
/// </remarks>
public sealed class FleetSteering : IAsyncDisposable
{
    private const int Buffers = 8;
    private readonly FleetSteeringOptions _options;
    private readonly SteeringApi _api;
    private readonly EpochBoard _board;
    private readonly SteeringLedger _ledger = new();
    private readonly EpochListener _listener;
    private readonly FeedbackPoster _poster;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SteeredLayer?[] _layers;
    private readonly ChunkRing _closed = new(Buffers);
    private readonly ChunkRing _empty = new(Buffers);
    private readonly long _chunkTicks;
    private readonly SignatureProjection _projection;
    private Task _running = Task.CompletedTask;
    private Chunk _chunk;
    private Chunk? _spare;
    private EpochInForce? _applied;
    private int _firstLayer = int.MaxValue;
    private InferencePhase _phase;

    private FleetSteering(FleetSteeringOptions options)
    {
        options.Validate();
        _options = options;
        _api = new SteeringApi(options);
        _board = new EpochBoard(options.Shape, options.Layers, options.LongestLifetime, options.Clock);
        _listener = new EpochListener(_api, _board, options, _ledger);
        _layers = new SteeredLayer[options.Layers];
        _chunkTicks = (long)(options.ChunkDuration.TotalSeconds * options.Clock.TimestampFrequency);
        _chunk = new Chunk(options, 0);
        _chunk.Open(_board.Current, InferencePhase.Decode, options.Clock.GetTimestamp());
        for (var turn = 1; turn < Buffers; turn++)
        {
            _empty.TryWrite(new Chunk(options, turn));
        }

        _projection = new SignatureProjection(options.Layers, options.Shape.Experts);
        _poster = new FeedbackPoster(_api, _board, this, _projection, options, _ledger);
    }

    /// <summary>How steering is doing.</summary>
    public SteeringStatus Status
    {
        get
        {
            var current = _board.Current;

            return new(
                current.Number, current.Arm, current.Steers, _ledger.Posted, _poster.Waiting, _ledger.Dropped, _ledger.Refused, _ledger.Retried, _ledger.Receipts, _board.Expired,
                _ledger.LastProblem);
        }
    }

    /// <summary>Whether the running step is a prompt (prefill) or one token per sequence (decode, the default). Set it between steps; a chunk never mixes the two.</summary>
    public InferencePhase Phase
    {
        get => _phase;
        set => _phase = value;
    }

    /// <summary>The epoch that the engine's thread has switched to.</summary>
    internal EpochInForce? Applied => Volatile.Read(ref _applied);

    /// <summary>
    /// Starts steering. Waits for the server's first answer for at most <see cref="FleetSteeringOptions.FirstEpochWait"/>; a server that is away does not
    /// keep an engine from starting.
    /// </summary>
    /// <exception cref="ArgumentException">The options are wrong; the message lists everything.</exception>
    /// <exception cref="SteeringRefusedException">The server refuses this key or deployment.</exception>
    /// <exception cref="SteeringMismatchException">The deployment's epochs do not fit this engine.</exception>
    public static async Task<FleetSteering> ConnectAsync(FleetSteeringOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var steering = new FleetSteering(options);
        steering._running = Task.WhenAll(
            Task.Run(() => steering._listener.Run(steering._stopping.Token), CancellationToken.None),
            Task.Run(() => steering._poster.Run(steering._stopping.Token), CancellationToken.None));
        try
        {
            using var wait = new CancellationTokenSource(options.FirstEpochWait, options.Clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(wait.Token, cancellationToken);
            await steering._listener.FirstAnswer.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Unsteered for now.
        }
        catch
        {
            await steering.DisposeAsync();
            throw;
        }

        return steering;
    }

    /// <summary>The selection of a layer; the same object each time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public SteeredLayer Layer(int layer)
    {
        if ((uint)layer >= (uint)_layers.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(layer), layer, $"This replica has layers 0 to {_layers.Length - 1}.");
        }

        return _layers[layer] ?? Add(layer);
    }

    /// <summary>Adds to the running chunk what only the engine knows. Null leaves a value as it is. Called by the engine's thread.</summary>
    /// <param name="latencyMilliseconds">Milliseconds per step.</param>
    /// <param name="energyJoules">Joules of the replica's GPUs over the chunk.</param>
    /// <param name="loss">Mean next-token loss.</param>
    /// <param name="queue">Requests that wait at this replica.</param>
    public void Observe(double? latencyMilliseconds = null, double? energyJoules = null, double? loss = null, int? queue = null)
    {
        _chunk.LatencyMilliseconds = latencyMilliseconds ?? _chunk.LatencyMilliseconds;
        _chunk.EnergyJoules = energyJoules ?? _chunk.EnergyJoules;
        _chunk.Loss = loss ?? _chunk.Loss;
        _chunk.Queue = queue ?? _chunk.Queue;
    }

    /// <summary>
    /// Where the next request should decode; null when the server does not answer within <see cref="FleetSteeringOptions.PlacementTimeout"/>: balance by yourself then.
    /// </summary>
    /// <param name="signature">The prompt's usage signature, 64 numbers; null when there is none yet.</param>
    /// <param name="tokens">Tokens that the request is expected to decode; 0 when unknown.</param>
    /// <param name="cancellationToken">Gives up early.</param>
    public async Task<PlacementAnswer?> PlaceAsync(IReadOnlyList<float>? signature, long tokens = 0, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _api.Place(new PlacementQuestion { Signature = signature, Tokens = tokens }, _options.PlacementTimeout, cancellationToken);
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException or IOException or SteeringRefusedException or System.Text.Json.JsonException)
        {
            _ledger.Failed(error);

            return null;
        }
    }

    /// <summary>
    /// The usage signature of a request, from how often its prompt used each expert: what <see cref="PlaceAsync"/> compares with the replicas. Null when the usage is even or there is none.
    /// </summary>
    /// <param name="usage">Counts <c>[layers, experts]</c>, finite and not negative.</param>
    public float[]? SignatureOf(ReadOnlySpan<float> usage)
    {
        var signature = new float[SignatureProjection.Length];
        _projection.Project(usage, signature);

        return signature.Any(value => value != 0) ? signature : null;
    }

    /// <summary>Ends steering: the selectors go back to plain top-k, and what waits gets one last try of at most <see cref="FleetSteeringOptions.CallTimeout"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        _board.Clear();
        await _stopping.CancelAsync();
        await _running;
        _closed.TryWrite(_chunk);
        try
        {
            using var late = new CancellationTokenSource(_options.CallTimeout, TimeProvider.System);
            await _poster.Flush(late.Token);
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException or IOException or OperationCanceledException or SteeringRefusedException or SteeringMismatchException or System.Text.Json.JsonException)
        {
            _ledger.Failed(error);
        }

        _api.Dispose();
        _stopping.Dispose();
    }

    /// <summary>The engine's thread enters a layer: on the first layer of a step epochs switch and chunks close, never between.</summary>
    internal Chunk Begin(int layer, int tokens)
    {
        if (layer == _firstLayer && tokens > 0)
        {
            var epoch = _board.Current;
            var now = _options.Clock.GetTimestamp();
            var changed = !ReferenceEquals(epoch, _chunk.Epoch) && (epoch.Number != _chunk.Epoch!.Number || epoch.Arm != _chunk.Epoch.Arm);
            if (changed || _phase != _chunk.Phase || _chunk.Layers[layer].Tokens >= _options.ChunkTokens || (_chunk.Layers[layer].Tokens > 0 && now - _chunk.Opened >= _chunkTicks))
            {
                Turn(epoch, now);
            }

            if (changed || _applied is null)
            {
                Volatile.Write(ref _applied, epoch);
            }
        }

        return _chunk;
    }

    /// <summary>The oldest closed chunk; null when there is none. Called by the poster.</summary>
    internal Chunk? TakeClosed() => _closed.TryRead();

    /// <summary>Gives a chunk's memory back to the engine. Called by the poster.</summary>
    internal void GiveBack(Chunk chunk) => _empty.TryWrite(chunk);

    private void Turn(EpochInForce epoch, long now)
    {
        _spare ??= _empty.TryRead();
        if (_spare is { } next && _closed.TryWrite(_chunk))
        {
            (_chunk, _spare) = (next, null);
        }
        else
        {
            // The poster is behind (a starved machine): this chunk is lost, the engine goes on in its memory.
            _ledger.CountDropped();
        }

        _chunk.Open(epoch, _phase, now);
    }

    private SteeredLayer Add(int layer)
    {
        var added = new SteeredLayer(this, layer, _options);
        _layers[layer] = added;
        _firstLayer = Math.Min(_firstLayer, layer);

        return added;
    }
}

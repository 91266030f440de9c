using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Npgsql;
using Xunit;

namespace EnergyTTT.Faults.Loads;

/// <summary>
/// Hosts that send frames as agents do: in order, the same batch again until it is acknowledged, and only then the next; to another server when one does not
/// answer. Keeps the ledger of what was acknowledged.
/// </summary>
internal sealed class AgentLoad : IAsyncDisposable
{
    private const int GpusPerHost = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(50);
    private readonly ConcurrentQueue<string> _surprises = [];
    private readonly ConcurrentDictionary<int, int> _refusals = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly string _boot = "faults-" + Guid.NewGuid().ToString("N");
    private readonly IReadOnlyList<Uri> _servers;
    private readonly string _key;
    private readonly TimeSpan _pause;
    private readonly Task[] _hosts;
    private long _longestWaitTicks;
    private long _batches;
    private long _repeated;

    private AgentLoad(IReadOnlyList<Uri> servers, string key, int hosts, TimeSpan pause)
    {
        _servers = servers;
        _key = key;
        _pause = pause;
        _hosts = [.. Enumerable.Range(0, hosts).Select(host => Task.Run(() => Send(host)))];
    }

    public Ledger Ledger { get; } = new();

    /// <summary>Batches acknowledged.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>Calls that were repeated: not answered, or told to come back.</summary>
    public long Repeated => Volatile.Read(ref _repeated);

    /// <summary>The longest time from the first sending of a batch to its acknowledgement.</summary>
    public TimeSpan LongestWait => new(Volatile.Read(ref _longestWaitTicks));

    /// <summary>Answers other than 200 by status.</summary>
    public IReadOnlyDictionary<int, int> Refusals => _refusals;

    /// <summary>Starts the hosts.</summary>
    /// <param name="pause">Between two batches of a host.</param>
    public static AgentLoad Start(IReadOnlyList<Uri> servers, string key, int hosts = 16, TimeSpan? pause = null) => new(servers, key, hosts, pause ?? TimeSpan.FromMilliseconds(20));

    /// <summary>Forgets the longest wait so far: the next fault is measured by itself.</summary>
    public TimeSpan TakeLongestWait() => new(Interlocked.Exchange(ref _longestWaitTicks, 0));

    /// <summary>Waits until every host has been acknowledged something that it began to send from now on.</summary>
    public async Task Flow(TimeSpan patience)
    {
        var goal = Batches + (2 * _hosts.Length);
        var started = TimeProvider.System.GetTimestamp();
        while (Batches < goal)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < patience, $"only {Batches} of {goal} batches were acknowledged within {patience.TotalSeconds} s; answers so far: {string.Join(", ", Refusals)}");
            await Task.Delay(20);
        }
    }

    /// <summary>Stops the hosts and holds the ledger against the database: nothing acknowledged is missing, nothing is there twice, no answer was strange.</summary>
    public async Task<Comparison> Settle(NpgsqlDataSource source)
    {
        await Stop();
        var comparison = await Ledger.Compare(source, _boot);
        Assert.Empty(_surprises.Take(3));
        Assert.True(comparison.Acknowledged > 0, "nothing was acknowledged");
        Assert.Equal((0, 0), (comparison.Missing, comparison.Doubled));
        return comparison;
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        _stop.Dispose();
    }

    private async Task Stop()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_hosts);
    }

    private async Task Send(int host)
    {
        var start = TimeProvider.System.GetUtcNow().AddHours(-1);
        var clients = _servers.Select(server => new HttpClient { BaseAddress = server, Timeout = Patience }).ToArray();
        foreach (var client in clients)
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", _key);
        }

        var server = host;
        for (var sequence = 0L; !_stop.IsCancellationRequested; sequence++)
        {
            var body = Body(host, sequence, start.AddMilliseconds(50 * sequence));
            var began = TimeProvider.System.GetTimestamp();
            while (!_stop.IsCancellationRequested)
            {
                if (await Post(clients[server % clients.Length], body))
                {
                    for (var gpu = 0; gpu < GpusPerHost; gpu++)
                    {
                        Ledger.Add(Gpu(host, gpu), sequence);
                    }

                    Waited(TimeProvider.System.GetElapsedTime(began));
                    break;
                }

                server++;
                Interlocked.Increment(ref _repeated);
                await Task.Delay(RetryPause);
            }

            await Task.Delay(_pause);
        }

        Array.ForEach(clients, client => client.Dispose());
    }

    private async Task<bool> Post(HttpClient client, string body)
    {
        try
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");

            // Not cancelled with the load: an answer on its way is an acknowledgement too.
            using var response = await client.PostAsync(new Uri("/v1/telemetry", UriKind.Relative), content, CancellationToken.None);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return true;
            }

            _refusals.AddOrUpdate((int)response.StatusCode, 1, (_, count) => count + 1);
            if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable))
            {
                _surprises.Enqueue($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or IOException)
        {
            // That server is away for a moment.
        }

        return false;
    }

    private void Waited(TimeSpan time)
    {
        Interlocked.Increment(ref _batches);
        long longest;
        while (time.Ticks > (longest = Volatile.Read(ref _longestWaitTicks)))
        {
            Interlocked.CompareExchange(ref _longestWaitTicks, time.Ticks, longest);
        }
    }

    private static string Gpu(int host, int gpu) => string.Create(CultureInfo.InvariantCulture, $"GPU-fault-{host}-{gpu}");

    private string Body(int host, long sequence, DateTimeOffset time)
    {
        var frames = Enumerable.Range(0, GpusPerHost).Select(gpu => string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"gpu":"{{Gpu(host, gpu)}}","sequence":{{sequence}},"time":"{{time.UtcDateTime:O}}","seconds":1,"origin":"simulated","energy_joules":300,"energy_method":"counter","power_average_watts":300,"temperature_celsius":60}"""));
        return string.Create(CultureInfo.InvariantCulture, $$"""{"source":"faults","boot":"{{_boot}}","host":"fault-{{host}}","frames":[{{string.Join(',', frames)}}]}""");
    }
}

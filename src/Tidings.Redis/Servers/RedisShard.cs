using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;

namespace Tidings.Redis.Servers;

/// <summary>One Redis server, and the way to it: connects, looks whether it is well and what it still knows, and connects anew. Safe from any thread.</summary>
internal sealed partial class RedisShard : IAsyncDisposable
{
    /// <summary>How long the node waits between two probes, and for the answer to one. Two that stay away end a connection, within 4.5 s.</summary>
    public static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(1.5);

    private const int MostMisses = 2;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    private readonly RedisPlace _place;
    private readonly RedisGeneration _generation;
    private readonly string _probe;
    private readonly Dictionary<string, Action<byte[]>> _heard = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _renewing = new(1);
    private readonly TaskCompletionSource _attempted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _linked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _echo;
    private volatile RedisLink? _link;
    private volatile bool _available;
    private string? _told;
    private Task _running = Task.CompletedTask;

    public RedisShard(RedisPlace place, string node, TimeProvider time, ILogger log)
    {
        _place = place;
        _generation = new RedisGeneration(place.Replicas > 0);
        _probe = place.Keys.Probe(node);
        _time = time;
        _log = log;
    }

    /// <summary>Where it is, what things are called there, and by which rule nodes come to it.</summary>
    public RedisPlace Place => _place;

    /// <summary>Called for each message of pub/sub that nobody else hears, one after the other: it only enqueues.</summary>
    public Action<string, byte[]> OnMessage { get; set; } = static (_, _) => { };

    /// <summary>Called with each new link before anybody else has it: nothing is heard or said over it before that is done.</summary>
    public List<Func<RedisLink, Task>> OnConnected { get; } = [];

    /// <summary>Called with each new link as soon as others may use it, and to be finished with before the node counts as connected.</summary>
    public List<Func<RedisLink, Task>> OnLinked { get; } = [];

    /// <summary>Called when the logs have begun anew on the same connection.</summary>
    public Action OnGeneration { get; set; } = static () => { };

    /// <summary>Called now and then while all is well.</summary>
    public List<Func<RedisLink, Task>> OnTick { get; } = [];

    /// <summary>Whether the server can be reached, and everything that is heard from it has caught up.</summary>
    public bool IsAvailable => _available;

    /// <summary>Why the server refuses writes; null where it takes them, or is away.</summary>
    public string? Refusal => _link?.Connection.Refusal;

    /// <summary>The link; null while there is none.</summary>
    public RedisLink? Link => _link;

    /// <summary>Has a channel of pub/sub heard on every link, before anybody has it. Before <see cref="StartAsync"/>.</summary>
    /// <param name="channel">Its name in Redis.</param>
    /// <param name="hear">Called for each message, one after the other: it never waits.</param>
    public void Hear(string channel, Action<byte[]> hear) => _heard.Add(channel, hear);

    /// <summary>Begins to connect. Completes when the first attempt has ended.</summary>
    /// <exception cref="SpreadMismatchException">Nodes are there that spread names otherwise.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.Run(RunAsync, CancellationToken.None);
        return _attempted.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The link, as soon as there is one.</summary>
    /// <exception cref="BrokerUnavailableException">There is none within <paramref name="wait"/>.</exception>
    public async ValueTask<RedisLink> GetLinkAsync(TimeSpan wait = default, CancellationToken cancellationToken = default)
    {
        if (_link is { } link)
        {
            return link;
        }

        if (wait > TimeSpan.Zero)
        {
            try
            {
                await Volatile.Read(ref _linked).Task.WaitAsync(wait, _time, cancellationToken).ConfigureAwait(false);
                if (_link is { } late)
                {
                    return late;
                }
            }
            catch (TimeoutException)
            {
            }
        }

        throw new BrokerUnavailableException("Redis is away.");
    }

    /// <summary>Asks the server anew which generation of logs holds, because it does not know <paramref name="stale"/>'s.</summary>
    /// <exception cref="BrokerUnavailableException">The server cannot be reached.</exception>
    public Task<RedisLink> RenewAsync(RedisLink stale) => RenewAsync(stale, "");

    /// <summary>Has a generation of logs end, because one of them has less than was seen of it.</summary>
    /// <exception cref="BrokerUnavailableException">The server cannot be reached.</exception>
    public Task<RedisLink> EndGenerationAsync(RedisLink link) => RenewAsync(link, link.Generation);

    /// <summary>Notes that a publish was the given one of its generation.</summary>
    public void Saw(RedisLink link, long publishes) => _generation.Saw(link.Generation, publishes);

    private async Task<RedisLink> RenewAsync(RedisLink stale, string ends)
    {
        await _renewing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_link is not { } link || link.Connection != stale.Connection)
            {
                throw new BrokerUnavailableException("Redis is away.");
            }

            // Somebody has looked since.
            return link != stale ? link : await VerifyAsync(link, ends).ConfigureAwait(false);
        }
        finally
        {
            _renewing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _end.Dispose();
        _renewing.Dispose();
    }

    private async Task RunAsync()
    {
        var delay = FirstDelay;
        while (!_end.IsCancellationRequested)
        {
            var why = await ConnectAndWatchAsync(() => delay = FirstDelay).ConfigureAwait(false);
            _attempted.TrySetResult();
            if (_end.IsCancellationRequested)
            {
                return;
            }

            if (delay == FirstDelay)
            {
                LogAway(_place.Name, why);
            }

            await Task.Delay(delay * (0.5 + (RandomNumberGenerator.GetInt32(1000) / 2000.0)), _time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    // One connection, from its beginning to its end. Returns why it has ended.
    private async Task<string> ConnectAndWatchAsync(Action connected)
    {
        RedisConnection? connection = null;
        try
        {
            connection = await RedisConnection.ConnectAsync(_place, Take, _time, _end.Token).ConfigureAwait(false);
            await Task.WhenAll(_heard.Keys.Append(_probe).Select(connection.SubscribeAsync)).ConfigureAwait(false);
            await connection.LoadScriptsAsync().ConfigureAwait(false);
            var link = await _generation.BeginAsync(connection).ConfigureAwait(false);
            await RunAllAsync(OnConnected, link).ConfigureAwait(false);

            _link = link;
            Volatile.Read(ref _linked).TrySetResult();
            await RunAllAsync(OnLinked, link).ConfigureAwait(false);

            _available = true;
            connected();
            LogConnected(_place.Name);
            _attempted.TrySetResult();
            return await WatchAsync(connection).ConfigureAwait(false);
        }
        catch (SpreadMismatchException error)
        {
            _attempted.TrySetException(error);
            return error.Message;
        }
        catch (BrokerUnavailableException error)
        {
            return error.InnerException is { } cause ? $"{error.Message} {cause.Message}" : error.Message;
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            return "stopped";
        }
#pragma warning disable CA1031 // Whatever it was, the node tries again: it is not to be cut off for good.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return error.ToString();
        }
        finally
        {
            _available = false;
            if (_link is not null)
            {
                _link = null;
                Volatile.Write(ref _linked, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            connection?.Dispose();
        }
    }

    private async Task<string> WatchAsync(RedisConnection connection)
    {
        var misses = 0;
        while (true)
        {
            if (misses == 0)
            {
                await Task.WhenAny(connection.Failed, Task.Delay(ProbeInterval, _time, _end.Token)).ConfigureAwait(false);
            }

            _end.Token.ThrowIfCancellationRequested();
            if (connection.Failed.IsCompletedSuccessfully)
            {
                return await connection.Failed.ConfigureAwait(false);
            }

            misses = await HearsItselfAsync(connection).ConfigureAwait(false) ? 0 : misses + 1;
            if (misses == MostMisses)
            {
                return "it is deaf: what the node publishes does not come back to it";
            }

            if (misses == 0 && _link is { } link)
            {
                await RunAllAsync([RenewAsync], link).ConfigureAwait(false);
                await RunAllAsync(OnTick, link).ConfigureAwait(false);
                TellRefusal(link.Connection.Refusal);
            }
        }
    }

    // A server that takes no writes is none that is away: what could not be put in now is put in by a later tick.
    private static async Task RunAllAsync(IReadOnlyList<Func<RedisLink, Task>> work, RedisLink link)
    {
        foreach (var one in work)
        {
            try
            {
                await one(link).ConfigureAwait(false);
            }
            catch (BrokerUnavailableException error) when (error.Refusal is not null)
            {
            }
        }
    }

    private void TellRefusal(string? refusal)
    {
        if (refusal != _told)
        {
            _told = refusal;
            if (refusal is null)
            {
                LogWrites(_place.Name);
            }
            else
            {
                LogRefuses(_place.Name, refusal);
            }
        }
    }

    // In band: over the very links that publish and hear.
    private async Task<bool> HearsItselfAsync(RedisConnection connection)
    {
        var echo = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _echo, echo);
        try
        {
            var both = Task.WhenAll(connection.PublishAsync(_probe, "?"u8.ToArray()), echo.Task);
            await both.WaitAsync(ProbeInterval, _time, _end.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (error is BrokerUnavailableException or TimeoutException)
        {
            return false;
        }
    }

    private void Take(string channel, byte[] message)
    {
        if (channel == _probe)
        {
            Volatile.Read(ref _echo)?.TrySetResult();
        }
        else if (_heard.TryGetValue(channel, out var hear))
        {
            hear(message);
        }
        else
        {
            OnMessage(channel, message);
        }
    }

    private async Task<RedisLink> VerifyAsync(RedisLink link, string ends)
    {
        var now = await _generation.LookAsync(link, ends).ConfigureAwait(false);
        if (_link == link)
        {
            _link = now;
        }

        if (now.Generation != link.Generation)
        {
            LogNewGeneration(_place.Name);
            OnGeneration();
        }

        return now;
    }

    [LoggerMessage(500, LogLevel.Information, "Connected to Redis at {Server}")]
    private partial void LogConnected(string server);

    [LoggerMessage(501, LogLevel.Warning, "Redis at {Server} cannot be reached: {Why}")]
    private partial void LogAway(string server, string why);

    [LoggerMessage(503, LogLevel.Warning, "Redis at {Server} refuses writes, reading goes on: {Why}")]
    private partial void LogRefuses(string server, string why);

    [LoggerMessage(504, LogLevel.Information, "Redis at {Server} takes writes again")]
    private partial void LogWrites(string server);

    [LoggerMessage(502, LogLevel.Warning, "Redis at {Server} may have lost messages: all epochs change")]
    private partial void LogNewGeneration(string server);
}

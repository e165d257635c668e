using StackExchange.Redis;
using Tidings.Brokers;
using Tidings.Feeds;

namespace Tidings.Redis.Servers;

/// <summary>One connection to one server, from its beginning to its first fault. The only class that knows the client library's habits
/// (StackExchange.Redis).</summary>
/// <remarks>
/// The library would reconnect by itself and subscribe again at a moment that nobody is told of: a connection that has failed once is done with. Nothing waits in the library for a better
/// time, and every call has a deadline. Messages of one channel are handled in the order in which the server sent them. Safe from any thread.
/// </remarks>
internal sealed class RedisConnection : IFeedLink, IDisposable
{
    // The library's queue of a channel has no bound. What is in it is handed on without waiting, so that many mean that the node has no time at all.
    private const int MostWaiting = 100_000;

    private static readonly Version s_waitsForDisks = new(7, 2);

    private static readonly TimeSpan OpenInterval = TimeSpan.FromMilliseconds(2);

    /// <summary>How long a call may take.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    private readonly ConnectionMultiplexer _multiplexer;
    private readonly IDatabase _database;
    private readonly ISubscriber _subscriber;
    private readonly TimeProvider _time;
    private readonly Action<string, byte[]> _onMessage;
    private volatile string? _refusal;
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RedisConnection(RedisKeys keys, ConnectionMultiplexer multiplexer, Action<string, byte[]> onMessage, TimeProvider time)
    {
        Keys = keys;
        _multiplexer = multiplexer;
        _database = multiplexer.GetDatabase();
        _subscriber = multiplexer.GetSubscriber();
        _time = time;
        _onMessage = onMessage;
        multiplexer.ConnectionFailed += (_, fault) => _failed.TrySetResult($"{fault.ConnectionType}: {fault.FailureType}");
    }

    /// <summary>What things are called there.</summary>
    public RedisKeys Keys { get; }

    /// <summary>Completes, with why, when the connection is no longer good.</summary>
    public Task<string> Failed => _failed.Task;

    /// <summary>Why the server refuses writes, since it did for the first time after <see cref="Wrote"/>; else null.</summary>
    public string? Refusal { get => _refusal; private set => _refusal = value; }

    /// <summary>Notes that the server has written something that is written all the time.</summary>
    public void Wrote() => Refusal = null;

    /// <param name="place">The server, or the part of a Cluster.</param>
    /// <param name="onMessage">Called with the channel and the message, for each channel one after the other, and never waited for: it only enqueues.</param>
    /// <param name="time">Time.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="BrokerUnavailableException">The server cannot be reached.</exception>
    public static async Task<RedisConnection> ConnectAsync(
        RedisPlace place, Action<string, byte[]> onMessage, TimeProvider time, CancellationToken cancellationToken)
    {
        var options = await place.FindAsync(time, cancellationToken).ConfigureAwait(false);
        var connecting = ConnectionMultiplexer.ConnectAsync(options);
        try
        {
            var multiplexer = await connecting.WaitAsync(RedisServerAddress.ConnectTimeout * 2, time, cancellationToken).ConfigureAwait(false);
            var connection = new RedisConnection(place.Keys, multiplexer, onMessage, time);
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (Exception error) when (error is RedisException or TimeoutException or OperationCanceledException)
        {
            // It may still come about, long after nobody wants it any more.
            _ = connecting.ContinueWith(static late => Drop(late.Result), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw error is OperationCanceledException ? error : new BrokerUnavailableException("Redis cannot be reached.", error);
        }
    }

    /// <summary>Runs a script, which is given to the server first where it does not know it.</summary>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public Task<RedisAnswer> EvaluateAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken = default) => CallAsync(
        async () =>
        {
            try
            {
                return new RedisAnswer(await InTimeAsync(_database.ScriptEvaluateAsync(script.HashFor(Keys), keys, arguments, CommandFlags.NoRedirect), cancellationToken).ConfigureAwait(false));
            }
            catch (RedisServerException error) when (error.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
            {
                await InTimeAsync(_database.ExecuteAsync("SCRIPT", "LOAD", script.TextFor(Keys)), cancellationToken).ConfigureAwait(false);
                return new RedisAnswer(await InTimeAsync(_database.ScriptEvaluateAsync(script.HashFor(Keys), keys, arguments, CommandFlags.NoRedirect), cancellationToken).ConfigureAwait(false));
            }
        });

    /// <summary>Gives the server all scripts, so that no call has to.</summary>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public Task LoadScriptsAsync() => Task.WhenAll(RedisScript.All.Select(script => ExecuteAsync("SCRIPT", "LOAD", script.TextFor(Keys))));

    /// <summary>Sends one command.</summary>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public Task<RedisAnswer> ExecuteAsync(string command, params object[] arguments) =>
        CallAsync(async () => new RedisAnswer(await InTimeAsync(_database.ExecuteAsync(command, arguments, CommandFlags.NoRedirect)).ConfigureAwait(false)));

    /// <summary>Waits until so many replicas have what was written over this connection: on their disks from Redis 7.2 on, before that in their memory. Holds up whatever is sent behind it.</summary>
    /// <returns>How many have it.</returns>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public async Task<long> WaitForReplicasAsync(int replicas, TimeSpan patience)
    {
        var milliseconds = (long)patience.TotalMilliseconds;
        if (_multiplexer.GetServers()[0].Version < s_waitsForDisks)
        {
            return (long)await ExecuteAsync("WAIT", replicas, milliseconds).ConfigureAwait(false);
        }

        return (long)((RedisAnswer[])await ExecuteAsync("WAITAOF", 0, replicas, milliseconds).ConfigureAwait(false))[1];
    }

    /// <summary>Goes through a set or a hash: whatever is there during all of it comes at least once.</summary>
    /// <param name="command"><c>SSCAN</c>, <c>HSCAN</c> or <c>ZSCAN</c>; with the last two, names and values come in turn.</param>
    /// <param name="key">The key.</param>
    /// <param name="filter">Further words of the command.</param>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public async IAsyncEnumerable<byte[]> ScanAsync(string command, string key, params string[] filter)
    {
        var cursor = "0";
        do
        {
            var answer = (RedisAnswer[])await ExecuteAsync(command, [key, cursor, "COUNT", "1000", .. filter]).ConfigureAwait(false);
            foreach (var item in (RedisAnswer[])answer[1])
            {
                yield return (byte[])item;
            }

            cursor = (string)answer[0];
        }
        while (cursor != "0");
    }

    /// <returns>How many connections to the server got it.</returns>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public Task<long> PublishAsync(string channel, byte[] message) => CallAsync(() => InTimeAsync(_database.PublishAsync(Name(channel), message, CommandFlags.NoRedirect)));

    /// <summary>Completes when the server has confirmed it: what is published from then on is handed over.</summary>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public Task SubscribeAsync(string channel) => CallAsync(
        async () =>
        {
            var queue = await InTimeAsync(_subscriber.SubscribeAsync(Name(channel))).ConfigureAwait(false);
            queue.OnMessage(message => Take(queue, channel, message));
            return true;
        });

    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public Task UnsubscribeAsync(string channel) => CallAsync(() => InTimeAsync(WithResult(_subscriber.UnsubscribeAsync(Name(channel)))));

    /// <summary>Has the connection count as failed.</summary>
    public void Fail(string why) => _failed.TrySetResult(why);

    Task IFeedLink.HearAsync(string name) => SubscribeAsync(name);

    public void Dispose()
    {
        _failed.TrySetResult("closed");
        Drop(_multiplexer);
    }

    // Never a pattern, whatever characters it has.
    private RedisChannel Name(string channel) => Keys.AreSharded && Keys.IsOurs(channel) ? RedisChannel.Sharded(channel) : RedisChannel.Literal(channel);

    // The socket for subscriptions opens a moment after the one for commands, and nothing waits for it in the library.
    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (!_subscriber.IsConnected() && !_failed.Task.IsCompleted)
        {
            if (_time.GetElapsedTime(started) > RedisServerAddress.ConnectTimeout)
            {
                Dispose();
                throw new BrokerUnavailableException("Redis opens no second connection, for subscriptions.");
            }

            await Task.Delay(OpenInterval, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Take(ChannelMessageQueue queue, string channel, StackExchange.Redis.ChannelMessage message)
    {
        if (queue.TryGetCount(out var waiting) && waiting > MostWaiting)
        {
            // What is missed stands in the log.
            Fail("more is published than the node has time to take");
        }

        if ((byte[]?)message.Message is { } bytes)
        {
            _onMessage(channel, bytes);
        }
    }

    private static async Task<bool> WithResult(Task task)
    {
        await task.ConfigureAwait(false);
        return true;
    }

    // Also where the connection is closed meanwhile: the library says that by throwing at once.
    private async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (RedisException error)
        {
            throw Translate(error);
        }
        catch (ObjectDisposedException error)
        {
            throw new BrokerUnavailableException("The connection to Redis has ended.", error);
        }
    }

    private BrokerUnavailableException Translate(RedisException error)
    {
        if (error is RedisServerException && RedisRefusal.Of(error.Message) is { } refusal)
        {
            Refusal = refusal;
            return new BrokerUnavailableException(refusal, error) { Refusal = refusal };
        }

        if (Keys.AreSharded && error.Message.Contains("MOVED", StringComparison.Ordinal))
        {
            // Where it is now is asked by the next connection.
            Fail("another server of the Cluster leads this part now");
        }

        return new BrokerUnavailableException("Redis refused or cannot be reached.", error);
    }

    /// <summary>Closes what the library has made. Closing waits for sockets that may be dead: nobody waits for that.</summary>
    internal static void Drop(ConnectionMultiplexer multiplexer) => _ = Task.Run(() =>
    {
        try
        {
            multiplexer.Close(allowCommandsToComplete: false);
            multiplexer.Dispose();
        }
        catch (Exception error) when (error is RedisException or ObjectDisposedException or TimeoutException or IOException or InvalidOperationException)
        {
        }
    });

    private async Task<T> InTimeAsync<T>(Task<T> call, CancellationToken cancellationToken = default)
    {
        try
        {
            return await call.WaitAsync(Deadline, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            // Whatever becomes of it, it is looked at.
            _ = call.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw error is OperationCanceledException && cancellationToken.IsCancellationRequested
                ? error
                : new BrokerUnavailableException("Redis did not answer in time.", error);
        }
    }
}

using StackExchange.Redis;
using Tidings.Brokers;

namespace Tidings.Redis.Servers;

/// <summary>One connection to one server, from its beginning to its first fault. The only class that knows the client library's habits
/// (StackExchange.Redis 1.2.6, and no other version).</summary>
/// <remarks>
/// The library's calls have no time-out of their own, and it reconnects by itself and sends again what it had queued: here every call has a
/// deadline, and a connection that has failed once is done with. Messages are handled in the order in which the server sent them. Safe from any thread.
/// </remarks>
internal sealed class RedisConnection : IDisposable
{
    /// <summary>How long a call may take.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    private readonly ConnectionMultiplexer _multiplexer;
    private readonly IDatabase _database;
    private readonly ISubscriber _subscriber;
    private readonly TimeProvider _time;
    private readonly Action<RedisChannel, RedisValue> _onMessage;
    private volatile string? _refusal;
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RedisConnection(ConnectionMultiplexer multiplexer, Action<string, byte[]> onMessage, TimeProvider time)
    {
        _multiplexer = multiplexer;
        _database = multiplexer.GetDatabase();
        _subscriber = multiplexer.GetSubscriber();
        _time = time;
        _onMessage = (channel, message) => onMessage(channel!, message);
        multiplexer.PreserveAsyncOrder = true;
        multiplexer.ConnectionFailed += (_, fault) => _failed.TrySetResult($"{fault.ConnectionType}: {fault.FailureType}");
    }

    /// <summary>Completes, with why, when the connection is no longer good.</summary>
    public Task<string> Failed => _failed.Task;

    /// <summary>Why the server refuses writes, since it did for the first time after <see cref="Wrote"/>; else null.</summary>
    public string? Refusal { get => _refusal; private set => _refusal = value; }

    /// <summary>Notes that the server has written something that is written all the time.</summary>
    public void Wrote() => Refusal = null;

    /// <param name="server">The server.</param>
    /// <param name="onMessage">Called with the channel and the message, one after the other, and never waited for: it only enqueues.</param>
    /// <param name="time">Time.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="BrokerUnavailableException">The server cannot be reached.</exception>
    public static async Task<RedisConnection> ConnectAsync(
        string server, Action<string, byte[]> onMessage, TimeProvider time, CancellationToken cancellationToken)
    {
        var connecting = ConnectionMultiplexer.ConnectAsync(RedisServerAddress.Parse(server));
        try
        {
            var multiplexer = await connecting.WaitAsync(RedisServerAddress.ConnectTimeout * 2, time, cancellationToken).ConfigureAwait(false);
            return new RedisConnection(multiplexer, onMessage, time);
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
    public async Task<RedisResult> EvaluateAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken = default)
    {
        try
        {
            try
            {
                return await InTimeAsync(_database.ScriptEvaluateAsync(script.Hash, keys, arguments), cancellationToken).ConfigureAwait(false);
            }
            catch (RedisServerException error) when (error.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
            {
                await InTimeAsync(_database.ExecuteAsync("SCRIPT", "LOAD", script.Text), cancellationToken).ConfigureAwait(false);
                return await InTimeAsync(_database.ScriptEvaluateAsync(script.Hash, keys, arguments), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (RedisException error)
        {
            throw Translate(error);
        }
    }

    /// <summary>Gives the server all scripts, so that no call has to.</summary>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public Task LoadScriptsAsync() => Task.WhenAll(RedisScript.All.Select(script => ExecuteAsync("SCRIPT", "LOAD", script.Text)));

    /// <summary>Sends one command.</summary>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public async Task<RedisResult> ExecuteAsync(string command, params object[] arguments)
    {
        try
        {
            return await InTimeAsync(_database.ExecuteAsync(command, arguments), default).ConfigureAwait(false);
        }
        catch (RedisException error)
        {
            throw Translate(error);
        }
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
            var answer = (RedisResult[])await ExecuteAsync(command, [key, cursor, "COUNT", "1000", .. filter]).ConfigureAwait(false);
            foreach (var item in (RedisResult[])answer[1])
            {
                yield return (byte[])item;
            }

            cursor = (string)answer[0];
        }
        while (cursor != "0");
    }

    /// <returns>How many connections to the server got it.</returns>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public async Task<long> PublishAsync(string channel, byte[] message)
    {
        try
        {
            return await InTimeAsync(_database.PublishAsync(Literal(channel), message), default).ConfigureAwait(false);
        }
        catch (RedisException error)
        {
            throw Translate(error);
        }
    }

    /// <summary>Completes when the server has confirmed it: what is published from then on is handed over.</summary>
    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public async Task SubscribeAsync(string channel)
    {
        try
        {
            await InTimeAsync(WithResult(_subscriber.SubscribeAsync(Literal(channel), _onMessage)), default).ConfigureAwait(false);
        }
        catch (RedisException error)
        {
            throw Translate(error);
        }
    }

    /// <exception cref="BrokerUnavailableException">No answer in time, or an error.</exception>
    public async Task UnsubscribeAsync(string channel)
    {
        try
        {
            await InTimeAsync(WithResult(_subscriber.UnsubscribeAsync(Literal(channel), _onMessage)), default).ConfigureAwait(false);
        }
        catch (RedisException error)
        {
            throw Translate(error);
        }
    }

    /// <summary>Has the connection count as failed.</summary>
    public void Fail(string why) => _failed.TrySetResult(why);

    public void Dispose()
    {
        _failed.TrySetResult("closed");
        Drop(_multiplexer);
    }

    // Never a pattern, whatever characters it has.
    private static RedisChannel Literal(string channel) => new(channel, RedisChannel.PatternMode.Literal);

    private static async Task<bool> WithResult(Task task)
    {
        await task.ConfigureAwait(false);
        return true;
    }

    private BrokerUnavailableException Translate(RedisException error)
    {
        if (error is RedisServerException && RedisRefusal.Of(error.Message) is { } refusal)
        {
            Refusal = refusal;
            return new BrokerUnavailableException(refusal, error) { Refusal = refusal };
        }

        return new BrokerUnavailableException("Redis refused or cannot be reached.", error);
    }

    // Closing waits for sockets that may be dead: nobody waits for that.
    private static void Drop(ConnectionMultiplexer multiplexer) => _ = Task.Run(() =>
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

    private async Task<T> InTimeAsync<T>(Task<T> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call.WaitAsync(Deadline, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            // Whatever becomes of it, it is looked at.
            _ = call.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw error is OperationCanceledException && cancellationToken.IsCancellationRequested
                ? error
                : new BrokerUnavailableException("Redis did not answer in time.", error);
        }
    }
}

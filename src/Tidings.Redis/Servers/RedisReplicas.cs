using Tidings.Brokers;

namespace Tidings.Redis.Servers;

/// <summary>Waits until so many replicas of a server have what it has acknowledged. All who wait at a time share one round. Safe from any thread.</summary>
/// <remarks>Over a connection of its own, since <c>WAIT</c> holds up what comes behind it; it is opened when it is first needed.</remarks>
/// <param name="place">The server, or the part of a Cluster, and how many of its replicas are waited for: at least one.</param>
/// <param name="time">Time.</param>
internal sealed class RedisReplicas(RedisPlace place, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long replicas have.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _end = new();
    private volatile RedisConnection? _connection;
    private TaskCompletionSource<Round>? _next;
    private Task _running = Task.CompletedTask;
    private bool _runs;
    private bool _ended;

    /// <summary>Completes once the replicas have all that the server at the other end of a link had acknowledged before the call.</summary>
    /// <exception cref="NotDurableException">Too few have it in time. It may be lost, or not.</exception>
    /// <exception cref="BrokerUnavailableException">The server cannot be asked, or another one leads since.</exception>
    public async Task ConfirmAsync(RedisLink link, CancellationToken cancellationToken)
    {
        var round = await JoinNext().WaitAsync(cancellationToken).ConfigureAwait(false);
        if (round.Fault is { } fault)
        {
            throw new BrokerUnavailableException("Redis cannot be asked whether its replicas have the message.", fault);
        }

        if (round.Generation != link.Generation || round.ReplicationId != link.ReplicationId)
        {
            _connection?.Fail("another server leads");
            throw new BrokerUnavailableException("Another Redis leads since the message was sent; whether it has the message is not known.");
        }

        if (round.Replicas < place.Replicas)
        {
            throw new NotDurableException($"{round.Replicas} of Redis' replicas have the message after {Patience.TotalSeconds} s, of {place.Replicas} that must (Tidings:RedisReplicas). It stands in the log; repeat it with its idempotency key.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _ended = true;
        }

        await _end.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _connection?.Dispose();
        _end.Dispose();
    }

    // What is under way may have begun before the message was there.
    private Task<Round> JoinNext()
    {
        lock (_gate)
        {
            if (_ended)
            {
                throw new BrokerUnavailableException("The node has ended.");
            }

            _next ??= new TaskCompletionSource<Round>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_runs)
            {
                _runs = true;
                _running = Task.Run(RunAsync, CancellationToken.None);
            }

            return _next.Task;
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            TaskCompletionSource<Round> round;
            lock (_gate)
            {
                if (_next is null)
                {
                    _runs = false;
                    return;
                }

                round = _next;
                _next = null;
            }

            round.SetResult(await AskAsync().ConfigureAwait(false));
        }
    }

    private async Task<Round> AskAsync()
    {
        try
        {
            if (_connection is null or { Failed.IsCompleted: true })
            {
                _connection?.Dispose();
                _connection = await RedisConnection.ConnectAsync(place, static (_, _) => { }, time, _end.Token).ConfigureAwait(false);
            }

            var mark = (string[])await _connection.EvaluateAsync(RedisScript.Mark, [place.Keys.Generation], [], _end.Token).ConfigureAwait(false);
            if (mark.Length == 1)
            {
                return new Round("", "", 0, Fault: null);
            }

            return new Round(mark[0], mark[1], await _connection.WaitForReplicasAsync(place.Replicas, Patience).ConfigureAwait(false), Fault: null);
        }
#pragma warning disable CA1031 // Whatever it was, nobody waits for ever.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _connection?.Fail(error.Message);
            return new Round("", "", 0, error);
        }
    }

    /// <param name="Generation">The generation that the server has.</param>
    /// <param name="ReplicationId">Which server it is, and in which of its lives.</param>
    /// <param name="Replicas">How many replicas have it.</param>
    /// <param name="Fault">Why nothing is known.</param>
    private sealed record Round(string Generation, string ReplicationId, long Replicas, Exception? Fault);
}

using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;

namespace Tidings.Resources.Feed;

/// <summary>One connection's view of a resource: first the rows, then what happens to them. Belongs to the connection's lane.</summary>
#pragma warning disable CA1001 // Its source of cancellation has no timer and no handle: it is cancelled, and needs no more.
internal sealed class FeedSession(ResourceFeed feed, Connection connection) : IQueueWaiter
#pragma warning restore CA1001
{
    // How often the rows are read again because events were gone before they had been read.
    private const int MostReadings = 5;

    private static readonly byte[] Unavailable = Frame.Text("""{"error":"Service unavailable"}"""u8);

    // How long a peer may take to read what one message of rows needs room for.
    private static readonly TimeSpan LongestStall = TimeSpan.FromSeconds(30);

    // How long all rows may take to be read and sent.
    private static readonly TimeSpan LongestReading = TimeSpan.FromMinutes(10);

    private readonly CancellationTokenSource _end = new();
    private FeedRequest? _request;
    private Subscription? _subscription;
    private TaskCompletionSource? _room;
    private bool _running;
    private bool _again;

    public Resource Resource => feed.Resource;

    /// <summary>Whether all is about to be shown anew: of what is still under way nothing is told, as something before it may be missing.</summary>
    public bool IsOutdated => _again;

    /// <summary>Shows what is asked for, in the place of what was shown before.</summary>
    public void Show(FeedRequest request)
    {
        _request = request;
        Run();
    }

    /// <summary>Shows the rows anew: events are missing, or cannot be told from what is known.</summary>
    public void Restart()
    {
        if (_request is { } request)
        {
            _request = request with { Since = null, Seen = null };
            Run();
        }
    }

    public void Unsubscribe()
    {
        _request = null;
        Leave();
        var frame = JsonFrame.Begin("unsubscribed");
        frame.Writer.WriteString("resource"u8, Resource.Name);
        connection.Send(frame.End());
    }

    /// <summary>The connection has ended.</summary>
    public void End()
    {
        _request = null;
        Leave();

        // Not here, where a driver of a database might wait in its handler.
        _ = _end.CancelAsync();
        _room?.TrySetResult();
    }

    void IQueueWaiter.OnRoom() => _room?.TrySetResult();

    private void Run()
    {
        if (_running)
        {
            _again = true;
            return;
        }

        _running = true;
        connection.Suspend();
        _ = RunAsync();
    }

    private async Task RunAsync()
    {
        try
        {
            do
            {
                _again = false;
                Leave();
                if (_request is { } request)
                {
                    await ShowAsync(request);
                }

                await connection.Lane.SwitchTo();
            }
            while (_again);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever went wrong, the peer learns that it sees nothing.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await connection.Lane.SwitchTo();
            Fail(error);
        }

        _running = false;
        if (connection.State <= ConnectionState.Open)
        {
            connection.Resume();
        }
    }

    /// <summary>Ends the connection: what it may see cannot be said.</summary>
    public void Fail(Exception error)
    {
        var isFiltered = _request is { Filter.Count: > 0 };
        _request = null;
        _again = false;
        Leave();
        if (error is SlowReaderException)
        {
            connection.CloseAsSlow();
        }
        else if (DatabaseFault.IsPassing(error))
        {
            feed.Live.Outages.DatabaseFailed(error);

            // A peer that comes back tries again; one that has not asked for what it gets must not go on as if nothing were.
            connection.Send(Unavailable);
            connection.CloseNow(DisconnectCode.Unavailable);
        }
        else if (isFiltered && DatabaseFault.IsOfValue(error))
        {
            // The same request would always end like this.
            connection.LogFailure(error);
            connection.Send(FeedFrames.Unfit(new FieldFault("filter", "The database refuses a value of the filter.")));
            connection.CloseNow(DisconnectCode.InvalidMessage);
        }
        else
        {
            connection.LogFailure(error);
            connection.Send(Unavailable);
            connection.CloseNow(DisconnectCode.HandlerFailed);
        }
    }

    private async Task ShowAsync(FeedRequest request)
    {
        var view = feed.ViewOf(connection.Identity, request.Filter);
        if (request.Since is { } since && since.Offset >= (request.Seen?.Through ?? 0)
            && await TryFollowAsync(view, since, request.Seen is { First: { } first, Last: var last } ? new ResumedRows(this, first, last) : null, Resumed))
        {
            return;
        }

        for (var reading = 0; reading < MostReadings; reading++)
        {
            var read = await SendRowsAsync(view);
            if (read is null || await TryFollowAsync(view, read.From, read.Filter, begin: null))
            {
                return;
            }
        }

        throw new TimeoutException($"The rows of {Resource.Name} take longer to read than its events are kept.");
    }

    // Live first, then the log after the position: what is said between the two is in both, and sent once.
    private async Task<bool> TryFollowAsync(FeedView view, StreamPosition since, IMessageFilter? filter, Func<StreamPosition, byte[]>? begin)
    {
        await connection.Lane.SwitchTo();
        if (_request is null)
        {
            return true;
        }

        var subscription = Subscription.Waiting(connection, feed.DialectFor(this, view, connection.Deflate), conflates: false, skipsWhenSlow: false, filter);
        _subscription = subscription;
        feed.Hub.TryJoin(subscription, Resource.Channel);
        await feed.Broker.ListenAsync(Resource.Channel, _end.Token).ConfigureAwait(false);
        var history = await feed.Broker.ReadAsync(Resource.Channel, new HistoryRequest(since, 0), _end.Token).ConfigureAwait(false);
        await connection.Lane.SwitchTo();
        if (_subscription != subscription)
        {
            return true;
        }

        if (!history.Recovered)
        {
            Leave();
            return false;
        }

        if (begin is not null)
        {
            connection.Send(begin(history.Start));
        }

        subscription.Start(history);
        return true;
    }

    // Page by page: neither a place nor a transaction waits for the peer.
    private async Task<RowReader?> SendRowsAsync(FeedView view)
    {
        using var limit = new CancellationTokenSource(LongestReading, feed.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _end.Token);
        var reader = new RowReader(feed.Live, Resource, view.Query, ResourceFeed.LargestPart(connection));
        var sender = connection.Sender;
        try
        {
            RowPage page;
            do
            {
                // No code of the application, and no database, runs on a lane.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                using (await feed.Places.EnterAsync(sender, either.Token))
                {
                    page = await reader.ReadAsync(either.Token);
                }

                await SendAsync(InitialRows.Write(Resource, page, reader.From, reader.Text), either.Token);
            }
            while (!page.IsLast);
            return _request is null ? null : reader;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !_end.IsCancellationRequested)
        {
            throw new SlowReaderException();
        }
    }

    private byte[] Resumed(StreamPosition position)
    {
        var frame = JsonFrame.Begin("resumed");
        frame.Writer.WriteString("resource"u8, Resource.Name);
        frame.Writer.WriteString("epoch"u8, position.Epoch);
        frame.Writer.WriteNumber("offset"u8, position.Offset);
        return frame.End();
    }

    // As fast as the peer reads, and no faster.
    private async ValueTask SendAsync(byte[] frame, CancellationToken cancellationToken)
    {
        await connection.Lane.SwitchTo();
        if (connection.QueuedBytes > 0 && connection.QueuedBytes + frame.Length > connection.Settings.QueueBytes / 2)
        {
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            connection.AwaitRoom(this);
            try
            {
                await _room.Task.WaitAsync(LongestStall, feed.Time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new SlowReaderException();
            }

            await connection.Lane.SwitchTo();
        }

        _end.Token.ThrowIfCancellationRequested();
        connection.Send(frame);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
    }

    private void Leave()
    {
        if (_subscription is { } subscription)
        {
            _subscription = null;
            feed.Hub.Leave(subscription);
        }
    }
}

/// <summary>A peer takes its rows too slowly.</summary>
#pragma warning disable CA1032, CA1064 // It never leaves the session.
internal sealed class SlowReaderException : Exception;
#pragma warning restore CA1032, CA1064

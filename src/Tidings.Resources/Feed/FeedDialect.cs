using Tidings.Channels;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Messages;
using Tidings.Protocol.Compression;

namespace Tidings.Resources.Feed;

/// <summary>The events of a resource for those who see every row: the very event, and its offset.</summary>
internal sealed class FeedDialect(MessageDeflater deflater) : Dialect(deflater)
{
    public override void Missed(Subscription subscription) => (subscription.Connection.Tag as FeedSession)?.Restart();

    // What no outbox has published is somebody's own invention: feeds don't know of it.
    public override byte[] Encode(Message message) => RowEvent.Origin(message) is null ? [] : FeedFrames.Event(message.Data.Bytes.Span, message.Offset);
}

/// <summary>The events of a resource for one who sees some of its rows: those that come into sight are created, those that go are deleted.</summary>
internal sealed class FilteredFeedDialect(FeedSession session, FeedView view) : Dialect
{
    private readonly Resource _resource = session.Resource;
    private Message? _last;
    private byte[] _lastFrame = [];

    public override void Missed(Subscription subscription) => session.Restart();

    // Asked more than once for the same message, and always on the connection's lane.
    public override byte[] BytesOf(Message message)
    {
        if (message != _last)
        {
            _last = message;
            try
            {
                _lastFrame = Encode(message);
            }
#pragma warning disable CA1031 // The application's own rule may throw: that is the end of this connection, and of nothing else.
            catch (Exception error)
#pragma warning restore CA1031
            {
                _lastFrame = [];
                session.Fail(error);
            }
        }

        return _lastFrame;
    }

    public override byte[] Encode(Message message)
    {
        if (session.IsOutdated || RowEvent.Origin(message) is null)
        {
            return [];
        }

        // Of another shape: a node of another version of the application wrote it.
        if (RowEvent.Read(message, _resource) is not { } happened)
        {
            session.Restart();
            return [];
        }

        var sees = happened.After is { } after && view.Shows(after);
        if (!happened.KnowsBefore)
        {
            // Whether it was in sight nobody knows any more. In sight it is told as it is; out of sight the whole is looked at again.
            if (!sees)
            {
                session.Restart();
                return [];
            }

            return FeedFrames.Event(message.Data.Bytes.Span, message.Offset);
        }

        var saw = happened.Before is { } before && view.Shows(before);
        return (saw, sees) switch
        {
            (true, true) => FeedFrames.Event(message.Data.Bytes.Span, message.Offset),
            (false, true) => FeedFrames.Event(_resource.Events.Write(RowChange.Create, happened.After!), message.Offset),
            (true, false) => FeedFrames.Event(_resource.Events.Write(RowChange.Delete, happened.Before!), message.Offset),
            _ => [],
        };
    }
}

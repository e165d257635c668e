using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Resources.Feed;

/// <summary>The route of a feed: <c>subscribe</c> shows rows and what happens to them.</summary>
internal sealed class FeedHandler(ResourceFeed feed, FirstMessage? firstMessage) : TextRouteHandler(firstMessage)
{
    private static readonly byte[] InvalidJson = Frame.Text("""{"error":"Invalid JSON format"}"""u8);

    public override string ProtocolName => "resource";

    /// <summary>Lets a connection in before its handshake is answered. Any thread, once.</summary>
    /// <returns>Why not, or null.</returns>
    public DisconnectCode? Join(Connection connection)
    {
        if (feed.Refuse(connection.Identity) is { } refusal)
        {
            return refusal;
        }

        connection.Tag = new FeedSession(feed, connection);
        return null;
    }

    public override void OnClosed(Connection connection, DisconnectCode code)
    {
        if (connection.Tag is FeedSession session)
        {
            connection.Tag = null;
            session.End();
        }
    }

    protected override void OnContent(Connection connection, ReadOnlySpan<byte> text)
    {
        var session = (FeedSession)connection.Tag!;
        var command = FeedCommand.Read(text.ToArray(), feed.Resource);
        if (!command.IsJson)
        {
            connection.Send(InvalidJson);
            connection.CountInvalid();
        }
        else if (command.Fault is { } fault)
        {
            connection.Send(FeedFrames.Unfit(fault));
            connection.CountInvalid();
        }
        else if (command.Request is { } request)
        {
            connection.ForgetInvalid();
            session.Show(request);
        }
        else
        {
            connection.ForgetInvalid();
            session.Unsubscribe();
        }
    }

    // The user may decide which rows are seen.
    protected override ValueTask<DisconnectCode?> ReviewAsync(Connection connection)
    {
        if (connection.Tag is not FeedSession session)
        {
            return default;
        }

        if (feed.Refuse(connection.Identity) is not null)
        {
            return ValueTask.FromResult<DisconnectCode?>(DisconnectCode.Forbidden);
        }

        if (feed.Resource.IsRestricted)
        {
            session.Restart();
        }

        return default;
    }
}

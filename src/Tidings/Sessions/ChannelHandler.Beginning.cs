using System.Security.Cryptography;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Lanes;
using Tidings.Protocol.Commands;
using Tidings.Quotas;

namespace Tidings.Sessions;

/// <content>How sessions begin.</content>
internal sealed partial class ChannelHandler
{
    private const int LongestId = 64;

    /// <summary>Makes the session of a new connection, whose first message, <c>connected</c>, waits for the end of the handshake. Any thread, once.</summary>
    public void Begin(Connection connection)
    {
        var session = NewSession(connection);
        directory.Add(session.Id, connection);
        if (Connected(session, []) is { } connected)
        {
            connection.SendLater(connected);
        }
    }

    /// <summary>The same of somebody of whom more is known, with the subscriptions that the server makes. Where it fails the connection is to be abandoned.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="arrival">Who arrives.</param>
    /// <param name="opening">The command that begins the session, with where its channels are to go on; null where none does.</param>
    public async ValueTask BeginAsync(Connection connection, Arrival arrival, Command? opening = null)
    {
        var session = NewSession(connection, arrival);
        var subscriptions = new List<FirstSubscription>(arrival.Channels.Count);
        foreach (var channel in arrival.Channels)
        {
            subscriptions.Add(await subscribing.PrepareAsync(session, opening?.Targets?.Find(target => target.Channel == channel) ?? new SubscribeRequest { Channel = channel }, byServer: true, arrival.Granted.Contains(channel) ? session.Grant(channel) : null).ConfigureAwait(false));
        }

        Enter(session, subscriptions, [], opening);
    }

    /// <summary>The same for a reader, which names its channels as it arrives.</summary>
    /// <param name="connection">The connection; to be abandoned where this fails or refuses.</param>
    /// <param name="arrival">Who arrives. The channels that the server subscribes may be read without further permission.</param>
    /// <param name="wishes">The channels that the reader asks for, each once.</param>
    /// <returns>Why none of them may be read; null where the reader is in, and told of those that it may not read.</returns>
    public async ValueTask<SubscribeRefusal?> BeginReadingAsync(Connection connection, Arrival arrival, IReadOnlyList<SubscribeRequest> wishes)
    {
        var session = NewSession(connection, arrival);
        var subscriptions = new List<FirstSubscription>(wishes.Count);
        var refusals = new List<Notice.Unsubscribed>();
        SubscribeRefusal? first = null;
        foreach (var wish in wishes)
        {
            var byServer = arrival.Channels.Contains(wish.Channel);
            var (refused, granted) = byServer ? default : await subscribing.JudgeAsync(session, wish).ConfigureAwait(false);
            if (refused is { } refusal)
            {
                refusals.Add(new Notice.Unsubscribed(wish.Channel, refusal.Code, refusal.Text));
                first ??= refusal;
            }
            else
            {
                subscriptions.Add(await subscribing.PrepareAsync(session, wish, byServer, granted).ConfigureAwait(false));
            }
        }

        if (subscriptions.Count == 0)
        {
            return first;
        }

        Enter(session, subscriptions, refusals);
        return null;
    }

    /// <summary>Makes the session of a request, which says something and listens to nothing.</summary>
    /// <param name="connection">The request.</param>
    /// <param name="arrival">Who arrives.</param>
    /// <param name="address">Where it comes from.</param>
    /// <param name="stream">The stream of events to which it says that it belongs, by id; or null. It counts where it is open on this node and is the
    /// same user's, or of the same address where both are anonymous: ids are known to others.</param>
    public ChannelSession BeginSaying(Connection connection, Arrival arrival, AddressKey address, string? stream)
    {
        var session = NewSession(connection, arrival, isRequest: true);
        if (stream is { Length: > 0 and <= LongestId })
        {
            var isHere = directory.Find(stream) is { Tag: ChannelSession hearing } open && hearing.User == session.User && (session.User is not null || open.Address == address);
            session.Stream = new StreamClaim(stream, isHere);
        }

        return session;
    }

    private ChannelSession NewSession(Connection connection, Arrival? arrival = null, bool isRequest = false)
    {
        var session = new ChannelSession(connection, arrival?.Connection ?? NewId(), dialect)
        {
            Info = arrival?.Info ?? default,
            IsRequest = isRequest,
            Secret = dialect.OpensByCommand && connection.IsOneWay ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) : null,
        };
        connection.Tag = session;
        return session;
    }

    private void Enter(ChannelSession session, List<FirstSubscription> subscriptions, IReadOnlyList<Notice.Unsubscribed> refusals, Command? opening = null)
    {
        // First of all that is posted: what is posted by those who find the connection in the directory comes after.
        var beginning = new Beginning(session, Connected(session, subscriptions, opening), refusals, subscriptions, opening is not null);
        if (Lane.Current == session.Connection.Lane)
        {
            beginning.Run(null);
        }
        else
        {
            session.Connection.Lane.Post(beginning);
        }

        directory.Add(session.Id, session.Connection);
        if (session.User is { } user)
        {
            directory.SetUser(user, session.Connection);
        }
    }

    private byte[]? Connected(ChannelSession session, List<FirstSubscription> subscriptions, Command? opening = null)
    {
        var begun = new Notice.Connected(session.Id, session.User, session.Connection.Settings.Heartbeat, server, subscriptions.ConvertAll(first => first.Describe(session)))
        {
            Expires = session.Connection.TokenLeft,
            Secret = session.Secret,
        };
        return opening is null ? dialect.Say(begun) : dialect.Answer(opening, new Outcome.Opened(begun));
    }

    private sealed class Beginning(
        ChannelSession session, byte[]? connected, IReadOnlyList<Notice.Unsubscribed> refusals, List<FirstSubscription> subscriptions, bool answersRecovery) : ILaneWork
    {
        public void Run(object? argument)
        {
            session.Connection.NoteOpen();
            Send(session.Connection, connected);
            foreach (var refusal in refusals)
            {
                session.Say(refusal);
            }

            // All that is gone before anything that is not: an answer that lists the two apart then has them in their order.
            foreach (var subscription in answersRecovery ? [] : subscriptions)
            {
                subscription.TellGap();
            }

            foreach (var subscription in subscriptions)
            {
                subscription.Start();
            }
        }
    }
}

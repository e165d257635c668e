using System.Text.Json;
using Tidings.Client.Commands;
using Tidings.Client.Transports;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Connecting;

/// <summary>Subscribing on one connection: by commands, or by the address of a stream or poll; and what a subscription needs to know besides.</summary>
internal sealed class Subscriber(ITransport transport, ChannelTable channels, Outbox outbox, IChannelTokens tokens)
{
    /// <summary>Asks for a channel, from where its subscriptions stand.</summary>
    public void Subscribe(SharedChannel channel)
    {
        if (channel.Token is { Value: null })
        {
            tokens.Obtain(channel);
            return;
        }

        var taken = channels.Servers.TakeOver(channel.Name);
        if (transport is IFollowingTransport)
        {
            Array.ForEach(channel.Feeds, feed => Begin(channel, feed));
            return;
        }

        Subscribe(channel, anew: taken);
    }

    /// <summary>A subscription joins others of its channel.</summary>
    public void Join(SharedChannel channel, ChannelFeed feed)
    {
        if (transport is not IFollowingTransport && feed.Options.State)
        {
            // The answer has it begin.
            Subscribe(channel, anew: true);
            return;
        }

        if (transport is not IFollowingTransport && channel.WantsOther)
        {
            Subscribe(channel, anew: true);
        }

        if (transport is not IFollowingTransport && channel is { IsLive: true, Top: { } top } && feed is { Position: null, Last: 0 } && feed.TryBegin())
        {
            // Nothing of the past is wanted.
            OnBegun(channel, feed, top, [], null);
        }
        else if (transport is IFollowingTransport || channel.IsLive)
        {
            Begin(channel, feed);
        }

        // Otherwise the answer that is still to come finds it.
        TrackUntold(channel);
    }

    /// <summary>Begins a subscription by itself: where it stands, else with the newest messages.</summary>
    public void Begin(SharedChannel channel, ChannelFeed feed)
    {
        if (!feed.TryBegin())
        {
            return;
        }

        var following = transport as IFollowingTransport;
        if (following is not null && !channels.FitsAddress(feed.Channel))
        {
            Refuse(feed, new TidingsException(ErrorCode.TooMany, "Over plain requests a client has at most 16 channels, whose names fit into an address."));
        }
        else if (following is { Kind: ClientTransport.LongPolling } && feed.Options.State)
        {
            Refuse(feed, new TidingsException(ErrorCode.BadRequest, "A channel's state needs a WebSocket or Server-Sent Events."));
        }
        else if (feed.Position is { } position)
        {
            OnBegun(channel, feed, position, [], following);
        }
        else
        {
            // The channel's position, and the newest messages where they are wanted: what comes live goes on from there.
            Ask(
                "history",
                writer => CommandWriter.History(writer, feed.Channel, new HistoryOptions { Last = Math.Max(feed.Options.Last, 1) }, channel.Token?.Value),
                answer => OnFirstHistory(channel, feed, answer, following));
        }
    }

    /// <summary>Says what others are shown of this client, where it has changed since the channel was asked for.</summary>
    public void TrackUntold(SharedChannel channel)
    {
        if ((transport is IFollowingTransport || channel.IsLive) && channel.TakeUntold() is { } info && !transport.TryTrack())
        {
            Ask("track", writer => CommandWriter.Track(writer, channel.Name, info.Span), static _ => { });
        }
    }

    /// <summary>Whether what is said of this client in a channel needs a command, and not only what is asked for next.</summary>
    public bool NeedsTrack(SharedChannel channel) => (transport is IFollowingTransport || channel.IsLive) && channel.TakeUntold() is not null && !transport.TryTrack();

    /// <summary>A stream has begun anew: from here on it is told who comes and goes.</summary>
    public void OnStream()
    {
        foreach (var channel in channels.All)
        {
            foreach (var feed in channel.Feeds)
            {
                feed.OnStream();
                if (feed.HasBegun)
                {
                    AskPresence(feed);
                }
            }
        }
    }

    /// <summary>Ends a channel that nobody follows any more.</summary>
    public void Unsubscribe(string channel)
    {
        if (transport is IFollowingTransport following)
        {
            following.Follow();
        }
        else
        {
            Ask("unsubscribe", writer => writer.WriteString("channel"u8, channel), static _ => { });
        }
    }

    /// <summary>Asks for the messages that a lagging subscription has not queued.</summary>
    public void ReadHistory(ChannelFeed feed)
    {
        var command = Ask(
            "history",
            writer => CommandWriter.History(writer, feed.Channel, new HistoryOptions { Since = feed.Position, Limit = feed.Page }, TokenOf(feed)),
            answer => OnHistory(feed, answer));
        _ = WatchAsync();

        async Task WatchAsync()
        {
            try
            {
                await command.Answer.ConfigureAwait(false);
            }
            catch (TidingsException error) when (error.Code == ErrorCode.Timeout)
            {
                feed.OnHistoryFailed(again: true);
            }
            catch (TidingsException)
            {
                // Refused, which the answer's own handler has seen, or lost with the connection.
            }
        }
    }

    /// <summary>Asks who is in a channel.</summary>
    public void ReadPresence(ChannelFeed feed) =>
        Ask("presence", writer => WriteChannel(writer, feed), answer =>
        {
            if (answer.Type == "presence")
            {
                feed.OnPresence(answer.Presence());
            }
        });

    /// <summary>A channel is not asked for any more, for a while.</summary>
    public void Left() => (transport as IFollowingTransport)?.Follow();

    /// <summary>Shows a newer token of a channel, before the last one ends.</summary>
    public void Renew(SharedChannel channel)
    {
        if (transport is not IFollowingTransport && channel is { IsLive: true, Token.Value: { } token })
        {
            Ask(
                "subscribe",
                writer =>
                {
                    writer.WriteString("channel"u8, channel.Name);
                    CommandWriter.Token(writer, token);
                },
                answer => tokens.Expires(channel, answer.Whole("expires")));
        }
    }

    private string? TokenOf(ChannelFeed feed) => channels.Find(feed.Channel)?.Token?.Value;

    private void WriteChannel(Utf8JsonWriter writer, ChannelFeed feed)
    {
        writer.WriteString("channel"u8, feed.Channel);
        CommandWriter.Token(writer, TokenOf(feed));
    }

    private void Subscribe(SharedChannel channel, bool anew)
    {
        if (anew)
        {
            Ask("unsubscribe", writer => writer.WriteString("channel"u8, channel.Name), static _ => { });
        }

        var wish = channel.Ask();
        Ask("subscribe", writer => CommandWriter.Subscribe(writer, channel.Name, wish, channel.Token?.Value), answer => OnSubscribed(channel, answer));
    }

    private void AskPresence(ChannelFeed feed)
    {
        if (feed.Options.Presence)
        {
            ReadPresence(feed);
        }
    }

    private void OnSubscribed(SharedChannel channel, ServerFrame answer)
    {
        if (answer is { Type: "subscribed", Position: not null })
        {
            channel.Tell(answer);
            TrackUntold(channel);
            tokens.Expires(channel, answer.Whole("expires"));
        }
        else if (answer.Error == ErrorCode.Unauthorized && channel.Token is { IsFresh: false })
        {
            tokens.Ended(channel);
        }
        else if (answer.Error == ErrorCode.Unavailable && channel.Token is not null)
        {
            Array.ForEach(channel.Feeds, feed => feed.OnError(answer.Error, answer.Text("error") ?? ""));
            tokens.Later(channel);
        }
        else if (IsPassing(answer.Error))
        {
            Array.ForEach(channel.Feeds, feed => feed.OnError(answer.Error, answer.Text("error") ?? ""));
        }
        else if (answer.Error == ErrorCode.BadRequest && Array.FindAll(channel.Feeds, static feed => feed.WantsState) is { Length: > 0 } wanting && wanting.Length < channel.Feeds.Length)
        {
            // It keeps no state: the others go on without.
            Array.ForEach(wanting, feed => Refuse(feed, answer.Refusal()));
            Subscribe(channel, anew: false);
        }
        else
        {
            channels.End(channel, answer.Refusal());
        }
    }

    private void OnFirstHistory(SharedChannel channel, ChannelFeed feed, ServerFrame answer, IFollowingTransport? following)
    {
        if (answer is not { Type: "history", Position: { } top })
        {
            OnRefused(feed, answer);
            return;
        }

        var messages = feed.Options.Last == 0 ? [] : answer.Objects("messages", "message").ToList();
        var from = messages.Count > 0 && messages[0].Offset is { } offset ? top with { Offset = offset - 1 } : top;
        channel.Reach(top);
        OnBegun(channel, feed, from, messages, following);
    }

    private void OnBegun(SharedChannel channel, ChannelFeed feed, StreamPosition from, List<ServerFrame> messages, IFollowingTransport? following)
    {
        feed.OnSubscribed(from, null, null);
        messages.ForEach(feed.OnMessage);
        if (feed.WantsState)
        {
            following?.BeginAnew();
        }
        else
        {
            following?.Follow();
        }

        if (channel.Top is { } top)
        {
            feed.CatchUp(top);
        }

        // Where a stream is still to come, who comes until then is not told: it is asked when it is there.
        if (following is not EventStreamTransport)
        {
            AskPresence(feed);
        }
    }

    private void OnHistory(ChannelFeed feed, ServerFrame answer)
    {
        if (answer is { Type: "history", Position: not null })
        {
            feed.OnHistory(answer.History(feed.Channel, channels.Own));
        }
        else if (IsPassing(answer.Error))
        {
            feed.OnHistoryFailed(again: false);
        }
        else if (IsOver(feed, answer.Error) is { } channel)
        {
            feed.OnHistoryFailed(again: false);
            tokens.Ended(channel);
        }
        else
        {
            Refuse(feed, answer.Refusal());
        }
    }

    private void OnRefused(ChannelFeed feed, ServerFrame answer)
    {
        if (IsPassing(answer.Error))
        {
            feed.OnError(answer.Error, answer.Text("error") ?? "");
            if (answer.Error == ErrorCode.Unavailable && channels.Find(feed.Channel) is { Token: not null } judgedLater)
            {
                tokens.Later(judgedLater);
            }
        }
        else if (IsOver(feed, answer.Error) is { } channel)
        {
            tokens.Ended(channel);
        }
        else
        {
            Refuse(feed, answer.Refusal());
        }
    }

    private void Refuse(ChannelFeed feed, TidingsException error)
    {
        if (channels.Remove(feed))
        {
            Unsubscribe(feed.Channel);
        }

        feed.Complete(error);
    }

    // The channel whose token has ended, and is to be had anew.
    private SharedChannel? IsOver(ChannelFeed feed, ErrorCode code) =>
        code == ErrorCode.Unauthorized && channels.Find(feed.Channel) is { Token.IsFresh: false } channel ? channel : null;

    private static bool IsPassing(ErrorCode code) => code is ErrorCode.Unavailable or ErrorCode.Timeout or ErrorCode.Internal or ErrorCode.RateLimited;

    private PendingCommand Ask(string type, Action<Utf8JsonWriter> fields, Action<ServerFrame> onAnswer)
    {
        var id = outbox.NextId();
        var command = new PendingCommand(id, CommandWriter.Write(type, id, fields), Delivery.Connection) { OnAnswer = onAnswer };
        outbox.Add(command);
        return command;
    }
}

using System.Text.Json;
using Tidings.Client.Commands;
using Tidings.Client.Transports;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Connecting;

/// <summary>Subscribing on one connection: by commands, or by the address of a stream or poll; and what a subscription needs to know besides.</summary>
internal sealed class Subscriber(ITransport transport, ChannelTable channels, Outbox outbox)
{
    /// <summary>Asks for a subscription, from where it stands.</summary>
    public void Subscribe(ChannelFeed feed)
    {
        if (transport is IFollowingTransport following)
        {
            SubscribeByAddress(feed, following);
            return;
        }

        if (channels.Servers.TakeOver(feed.Channel))
        {
            Ask("unsubscribe", writer => writer.WriteString("channel"u8, feed.Channel), static _ => { });
        }

        var (since, last) = (feed.Since, feed.Last);
        Ask(
            "subscribe",
            writer => CommandWriter.Subscribe(writer, feed.Channel, since, last, feed.Options.Presence, feed.Options.Conflate),
            answer => OnSubscribed(feed, answer));
    }

    /// <summary>Ends a subscription.</summary>
    public void Unsubscribe(ChannelFeed feed)
    {
        if (transport is IFollowingTransport following)
        {
            following.Follow();
        }
        else
        {
            Ask("unsubscribe", writer => writer.WriteString("channel"u8, feed.Channel), static _ => { });
        }
    }

    /// <summary>Asks for the messages that a lagging subscription has not queued.</summary>
    public void ReadHistory(ChannelFeed feed)
    {
        var command = Ask(
            "history",
            writer => CommandWriter.History(writer, feed.Channel, new HistoryOptions { Since = feed.Position, Limit = feed.Page }),
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
        Ask("presence", writer => writer.WriteString("channel"u8, feed.Channel), answer =>
        {
            if (answer.Type == "presence")
            {
                feed.OnPresence(answer.Presence());
            }
        });

    private void SubscribeByAddress(ChannelFeed feed, IFollowingTransport following)
    {
        channels.Servers.TakeOver(feed.Channel);
        if (!channels.FitsAddress(feed))
        {
            Refuse(feed, new TidingsException(ErrorCode.TooMany, "Over plain requests a client has at most 16 channels, whose names fit into an address."));
        }
        else if (feed.Position is { } position)
        {
            feed.OnSubscribed(position, null, null);
            following.Follow();
            AskPresence(feed);
        }
        else
        {
            // The channel's position, and the newest messages where they are wanted: the stream goes on from there.
            Ask(
                "history",
                writer => CommandWriter.History(writer, feed.Channel, new HistoryOptions { Last = Math.Max(feed.Options.Last, 1) }),
                answer => OnFirstHistory(feed, answer, following));
        }
    }

    private void AskPresence(ChannelFeed feed)
    {
        if (feed.Options.Presence)
        {
            ReadPresence(feed);
        }
    }

    private void OnSubscribed(ChannelFeed feed, ServerFrame answer)
    {
        if (answer is { Type: "subscribed", Position: { } position })
        {
            feed.OnSubscribed(position, answer.Recovered, answer.Object("presence")?.Presence());
        }
        else
        {
            OnRefused(feed, answer);
        }
    }

    private void OnFirstHistory(ChannelFeed feed, ServerFrame answer, IFollowingTransport following)
    {
        if (answer is not { Type: "history", Position: { } top })
        {
            OnRefused(feed, answer);
            return;
        }

        var messages = feed.Options.Last == 0 ? [] : answer.Objects("messages", "message").ToList();
        var from = messages.Count > 0 && messages[0].Offset is { } offset ? top with { Offset = offset - 1 } : top;
        feed.OnSubscribed(from, null, null);
        messages.ForEach(feed.OnMessage);
        following.Follow();
        AskPresence(feed);
    }

    private void OnHistory(ChannelFeed feed, ServerFrame answer)
    {
        if (answer is { Type: "history", Position: not null })
        {
            feed.OnHistory(answer.History(feed.Channel));
        }
        else if (IsPassing(answer.Error))
        {
            feed.OnHistoryFailed(again: false);
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
        }
        else
        {
            Refuse(feed, answer.Refusal());
        }
    }

    private void Refuse(ChannelFeed feed, TidingsException error)
    {
        channels.Remove(feed);
        feed.Complete(error);
    }

    private static bool IsPassing(ErrorCode code) => code is ErrorCode.Unavailable or ErrorCode.Timeout or ErrorCode.Internal or ErrorCode.RateLimited;

    private PendingCommand Ask(string type, Action<Utf8JsonWriter> fields, Action<ServerFrame> onAnswer)
    {
        var id = outbox.NextId();
        var command = new PendingCommand(id, CommandWriter.Write(type, id, fields), Delivery.Connection) { OnAnswer = onAnswer };
        outbox.Add(command);
        return command;
    }
}

using System.Text.Json;
using Tidings.Brokers;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>Replies and pushes in JSON. What is zero is left out, except where the protocol's clients take its absence for a fault.</summary>
internal static class CentrifugeJson
{
    public static void WriteEmpty(JsonFrame frame, ReadOnlySpan<byte> name)
    {
        frame.Writer.WriteStartObject(name);
        frame.Writer.WriteEndObject();
    }

    public static void WriteError(JsonFrame frame, int code)
    {
        var writer = frame.Writer;
        writer.WriteStartObject("error"u8);
        writer.WriteNumber("code"u8, code);
        writer.WriteString("message"u8, CentrifugeCodes.Text(code));
        if (CentrifugeCodes.IsTemporary(code))
        {
            writer.WriteBoolean("temporary"u8, true);
        }

        writer.WriteEndObject();
    }

    public static void WriteConnected(JsonFrame frame, Notice.Connected connected, CentrifugeSite site, PublicationForm form)
    {
        var writer = frame.Writer;
        writer.WriteStartObject("connect"u8);
        writer.WriteString("client"u8, connected.Id);
        writer.WriteString("version"u8, site.Version);
        WriteExpiry(writer, connected.Expires / 1000);
        if (connected.Subscriptions.Count > 0)
        {
            writer.WriteStartObject("subs"u8);
            foreach (var subscribed in connected.Subscriptions)
            {
                writer.WriteStartObject(subscribed.Channel);
                WriteFields(frame, subscribed, form);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        if (connected.PingInterval > TimeSpan.Zero)
        {
            writer.WriteNumber("ping"u8, Math.Max(1, (long)Math.Ceiling(connected.PingInterval.TotalSeconds)));
            if (connected.Secret is null)
            {
                writer.WriteBoolean("pong"u8, true);
            }
        }

        if (connected.Secret is { } secret)
        {
            writer.WriteString("session"u8, connected.Id + "." + secret);
            writer.WriteString("node"u8, site.Node);
        }

        writer.WriteEndObject();
    }

    /// <summary>A subscription as it begins, under <paramref name="name"/>.</summary>
    /// <param name="frame">Where to write.</param>
    /// <param name="name">The field.</param>
    /// <param name="subscribed">The subscription.</param>
    /// <param name="form">How its publications stand in it; as texts, later ones may be changes.</param>
    public static void WriteSubscribed(JsonFrame frame, ReadOnlySpan<byte> name, Outcome.Subscribed subscribed, PublicationForm form)
    {
        frame.Writer.WriteStartObject(name);
        if (form == PublicationForm.Text)
        {
            frame.Writer.WriteBoolean("delta"u8, true);
        }

        WriteFields(frame, subscribed, form);
        frame.Writer.WriteEndObject();
    }

    /// <summary>Adds that something ends. Clients renew when this time has passed, which is a minute before the end, or in the middle of what is left.</summary>
    public static void WriteExpiry(Utf8JsonWriter writer, long? seconds)
    {
        const long Before = 60;
        if (seconds is { } left)
        {
            writer.WriteBoolean("expires"u8, true);
            writer.WriteNumber("ttl"u8, Math.Max(1, left - Math.Min(Before, left / 2)));
        }
    }

    public static void WriteHistory(JsonFrame frame, HistoryPart part, bool reverse, PublicationForm form)
    {
        frame.Writer.WriteStartObject("history"u8);
        WriteHistoryFields(frame, part, reverse, form);
        frame.Writer.WriteEndObject();
    }

    public static void WriteHistoryFields(JsonFrame frame, HistoryPart part, bool reverse, PublicationForm form = PublicationForm.Json)
    {
        CentrifugePublications.WriteAll(frame, reverse ? part.Messages.Reverse() : part.Messages, form);
        frame.Writer.WriteString("epoch"u8, part.Top.Epoch);
        frame.Writer.WriteNumber("offset"u8, part.Top.Offset);
    }

    public static void WritePresence(JsonFrame frame, PresenceList list)
    {
        frame.Writer.WriteStartObject("presence"u8);
        WriteMembers(frame, list);
        frame.Writer.WriteEndObject();
    }

    public static void WriteMembers(JsonFrame frame, PresenceList list)
    {
        var writer = frame.Writer;
        writer.WriteStartObject("presence"u8);
        foreach (var member in list.Members)
        {
            writer.WriteStartObject(member.User);
            WriteMember(frame, member.User, member.Info);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    public static void WriteStats(JsonFrame frame, PresenceList list)
    {
        frame.Writer.WriteStartObject("presence_stats"u8);
        WriteCounts(frame.Writer, list);
        frame.Writer.WriteEndObject();
    }

    /// <summary>How many connections there are, and how many users among those that are listed; all who are anonymous are one.</summary>
    public static void WriteCounts(Utf8JsonWriter writer, PresenceList list)
    {
        writer.WriteNumber("num_clients"u8, list.Count);
        writer.WriteNumber("num_users"u8, list.Members.Select(static member => Read(member.Info).User ?? "").Distinct().Count());
    }

    public static byte[] Unsubscribed(string channel, int code, string reason) => Push(channel, frame =>
    {
        frame.Writer.WriteStartObject("unsubscribe"u8);
        frame.Writer.WriteNumber("code"u8, code);
        frame.Writer.WriteString("reason"u8, reason);
        frame.Writer.WriteEndObject();
    });

    public static byte[] Member(Message message, ReadOnlySpan<byte> name)
    {
        using var member = JsonDocument.Parse(message.Data.Bytes);
        var client = member.RootElement.GetProperty("user"u8).GetString()!;
        var info = member.RootElement.TryGetProperty("info"u8, out var given) ? ConnectionMember.Read(given) : default;
        var frame = BeginPush(ConnectionPresence.ChannelOf(message.Channel));
        frame.Writer.WriteStartObject(name);
        frame.Writer.WriteStartObject("info"u8);
        WriteMember(frame, client, info);
        frame.Writer.WriteEndObject();
        frame.Writer.WriteEndObject();
        frame.Writer.WriteEndObject();
        return frame.End();
    }

    public static byte[] Direct(ReadOnlySpan<byte> data)
    {
        var frame = BeginPush(channel: null);
        frame.Writer.WriteStartObject("message"u8);
        frame.Raw("data"u8, data);
        frame.Writer.WriteEndObject();
        frame.Writer.WriteEndObject();
        return frame.End();
    }

    /// <summary>The end of a connection in words, in the place of a close frame.</summary>
    public static byte[] Disconnect(DisconnectCode code)
    {
        var frame = BeginPush(channel: null);
        frame.Writer.WriteStartObject("disconnect"u8);
        frame.Writer.WriteNumber("code"u8, code.Code);
        frame.Writer.WriteString("reason"u8, code.Reason);
        frame.Writer.WriteEndObject();
        frame.Writer.WriteEndObject();
        return frame.EndJson().ToArray();
    }

    /// <summary>A push to the subscribers of a channel.</summary>
    public static byte[] Push(string channel, Action<JsonFrame> write)
    {
        var frame = BeginPush(channel);
        write(frame);
        frame.Writer.WriteEndObject();
        return frame.End();
    }

    public static JsonFrame BeginPush(string? channel)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartObject("push"u8);
        if (channel is not null)
        {
            frame.Writer.WriteString("channel"u8, channel);
        }

        return frame;
    }

    private static void WriteFields(JsonFrame frame, Outcome.Subscribed subscribed, PublicationForm form)
    {
        var writer = frame.Writer;
        if (subscribed.IsRecoverable)
        {
            writer.WriteBoolean("recoverable"u8, true);
        }

        writer.WriteBoolean("positioned"u8, true);
        writer.WriteString("epoch"u8, subscribed.Start.Epoch);
        if (subscribed.Start.Offset > 0)
        {
            writer.WriteNumber("offset"u8, subscribed.Start.Offset);
        }

        if (subscribed.Recovered is { } recovered)
        {
            writer.WriteBoolean("was_recovering"u8, true);
            if (recovered)
            {
                writer.WriteBoolean("recovered"u8, true);
            }
        }

        if (subscribed.Messages.Count > 0)
        {
            CentrifugePublications.WriteAll(frame, subscribed.Messages, form);
        }

        WriteExpiry(writer, subscribed.Expires);
    }

    private static ConnectionMember Read(ReadOnlyMemory<byte> info)
    {
        if (info.IsEmpty)
        {
            return default;
        }

        using var document = JsonDocument.Parse(info);
        return ConnectionMember.Read(document.RootElement);
    }

    private static void WriteMember(JsonFrame frame, string client, ReadOnlyMemory<byte> info) => WriteMember(frame, client, Read(info));

    private static void WriteMember(JsonFrame frame, string client, ConnectionMember member)
    {
        frame.Writer.WriteString("user"u8, member.User ?? "");
        frame.Writer.WriteString("client"u8, client);
        if (!member.Info.IsEmpty)
        {
            frame.Raw("conn_info"u8, member.Info.Span);
        }

        if (!member.Granted.IsEmpty)
        {
            frame.Raw("chan_info"u8, member.Granted.Span);
        }
    }
}

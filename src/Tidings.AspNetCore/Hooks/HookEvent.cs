using Tidings.Protocol.Replies;
using Tidings.Rules;

namespace Tidings.AspNetCore.Hooks;

/// <summary>What hooks are sent.</summary>
internal static class HookEvent
{
    public static byte[] Subscribe(ChannelPeer peer, string channel)
    {
        var frame = Begin("subscribe", peer.Connection, peer.User);
        frame.Writer.WriteString("channel"u8, channel);
        return frame.EndJson().ToArray();
    }

    public static byte[] Publish(ChannelPeer peer, PublishRequest request)
    {
        var frame = Begin("publish", peer.Connection, peer.User);
        frame.Writer.WriteString("channel"u8, request.Channel);
        if (request.Event is not null)
        {
            frame.Writer.WriteString("name"u8, request.Event);
        }

        if (request.Key is not null)
        {
            frame.Writer.WriteString("key"u8, request.Key);
        }

        if (request.Ephemeral)
        {
            frame.Writer.WriteBoolean("ephemeral"u8, true);
        }

        if (request.Remove)
        {
            frame.Writer.WriteBoolean("remove"u8, true);
        }
        else if (request.Bytes is { } bytes)
        {
            frame.Writer.WriteBase64String("data64"u8, bytes.Span);
        }
        else
        {
            frame.Raw("data"u8, request.Data.Span);
        }

        return frame.EndJson().ToArray();
    }

    public static byte[] Call(ChannelPeer peer, string method, ReadOnlyMemory<byte> parameters)
    {
        var frame = Begin("call", peer.Connection, peer.User);
        frame.Writer.WriteString("method"u8, method);
        frame.Raw("params"u8, parameters.IsEmpty ? "null"u8 : parameters.Span);
        return frame.EndJson().ToArray();
    }

    /// <summary>The beginning of an event: its name, and whom it concerns.</summary>
    public static JsonFrame Begin(string name, string connection, string? user)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("event"u8, name);
        frame.Writer.WriteString("connection"u8, connection);
        if (user is not null)
        {
            frame.Writer.WriteString("user"u8, user);
        }

        return frame;
    }
}

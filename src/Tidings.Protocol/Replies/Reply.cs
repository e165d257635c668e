using Tidings.Protocol.Commands;

namespace Tidings.Protocol.Replies;

/// <summary>The answers of the channel protocol, each a whole text frame (docs/protocol.md).</summary>
internal static class Reply
{
    public static readonly byte[] Pong = JsonFrame.Begin("pong").End();

    /// <summary>Tells beforehand that the node goes. No client need stay away longer than it does by itself: the node spreads its clients.</summary>
    public static readonly byte[] Draining = MakeDraining();

    public static byte[] PongTo(ReadOnlyMemory<byte> id) => id.IsEmpty ? Pong : JsonFrame.Begin("pong", id).End();

    public static byte[] Error(ReadOnlyMemory<byte> id, ErrorCode code, string error, IReadOnlyList<FieldFault>? details = null)
    {
        var frame = JsonFrame.Begin("error", id);
        frame.Writer.WriteString("code"u8, code.ToWire());
        frame.Writer.WriteString("error"u8, error);
        WriteDetails(frame, details);
        return frame.End();
    }

    /// <summary>A refusal in the words of text routes, which have no codes.</summary>
    public static byte[] Refused(string error, IReadOnlyList<FieldFault>? details)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("error"u8, error);
        WriteDetails(frame, details);
        return frame.End();
    }

    private static void WriteDetails(JsonFrame frame, IReadOnlyList<FieldFault>? details)
    {
        if (details is not { Count: > 0 })
        {
            return;
        }

        frame.Writer.WriteStartArray("details"u8);
        foreach (var (field, message) in details)
        {
            frame.Writer.WriteStartObject();
            frame.Writer.WriteString("field"u8, field);
            frame.Writer.WriteString("message"u8, message);
            frame.Writer.WriteEndObject();
        }

        frame.Writer.WriteEndArray();
    }

    /// <summary>A refusal that ends by itself.</summary>
    /// <param name="id">The command's id.</param>
    /// <param name="code">For programs.</param>
    /// <param name="error">For people.</param>
    /// <param name="retryAfter">In milliseconds.</param>
    /// <param name="limit">Whose limit it is, where it is not the connection's own: <c>ip</c>, <c>user</c> or <c>channel</c>.</param>
    public static byte[] Later(ReadOnlyMemory<byte> id, ErrorCode code, string error, int retryAfter, string? limit = null)
    {
        var frame = JsonFrame.Begin("error", id);
        frame.Writer.WriteString("code"u8, code.ToWire());
        frame.Writer.WriteString("error"u8, error);
        frame.Writer.WriteNumber("retryAfter"u8, retryAfter);
        if (limit is not null)
        {
            frame.Writer.WriteString("limit"u8, limit);
        }

        return frame.End();
    }

    /// <param name="id">The command's id.</param>
    /// <param name="user">Who it is.</param>
    public static byte[] AuthSuccess(ReadOnlyMemory<byte> id, string user)
    {
        var frame = JsonFrame.Begin("auth_success", id);
        frame.Writer.WriteString("user"u8, user);
        return frame.End();
    }

    public static byte[] Published(ReadOnlyMemory<byte> id, string channel, StreamPosition? position)
    {
        var frame = JsonFrame.Begin("published", id);
        frame.Writer.WriteString("channel"u8, channel);
        if (position is { } at)
        {
            frame.Writer.WriteString("epoch"u8, at.Epoch);
            frame.Writer.WriteNumber("offset"u8, at.Offset);
        }

        return frame.End();
    }

    public static byte[] Tracked(ReadOnlyMemory<byte> id, string channel)
    {
        var frame = JsonFrame.Begin("tracked", id);
        frame.Writer.WriteString("channel"u8, channel);
        return frame.End();
    }

    /// <summary>A subscription goes on with a newer token.</summary>
    /// <param name="id">The command's id.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="expires">In how many seconds the token ends; null where it does not.</param>
    public static byte[] Renewed(ReadOnlyMemory<byte> id, string channel, long? expires)
    {
        var frame = JsonFrame.Begin("subscribed", id);
        frame.Writer.WriteString("channel"u8, channel);
        frame.Writer.WriteBoolean("renewed"u8, true);
        WriteExpires(frame, expires);
        return frame.End();
    }

    /// <summary>In how many seconds the token of a subscription ends, as it stands in <c>subscribed</c>.</summary>
    public static void WriteExpires(JsonFrame frame, long? expires)
    {
        if (expires is { } seconds)
        {
            frame.Writer.WriteNumber("expires"u8, seconds);
        }
    }

    /// <summary>The beginning of <c>subscribed</c>; the caller may add <c>presence</c>.</summary>
    public static JsonFrame Subscribed(ReadOnlyMemory<byte> id, string channel, StreamPosition position, bool? recovered)
    {
        var frame = JsonFrame.Begin("subscribed", id);
        frame.Writer.WriteString("channel"u8, channel);
        frame.Writer.WriteString("epoch"u8, position.Epoch);
        frame.Writer.WriteNumber("offset"u8, position.Offset);
        if (recovered is { } told)
        {
            frame.Writer.WriteBoolean("recovered"u8, told);
        }

        return frame;
    }

    /// <param name="id">The command's id; empty where the server unsubscribes.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="code">Why the server unsubscribes, or null.</param>
    /// <param name="reason">The same in words.</param>
    public static byte[] Unsubscribed(ReadOnlyMemory<byte> id, string channel, ErrorCode? code = null, string? reason = null)
    {
        var frame = JsonFrame.Begin("unsubscribed", id);
        frame.Writer.WriteString("channel"u8, channel);
        if (code is { } why)
        {
            frame.Writer.WriteString("code"u8, why.ToWire());
            frame.Writer.WriteString("reason"u8, reason);
        }

        return frame.End();
    }

    public static byte[] Gap(string channel, StreamPosition position, long from, long to, string reason)
    {
        var frame = JsonFrame.Begin("gap");
        frame.Writer.WriteString("channel"u8, channel);
        frame.Writer.WriteString("epoch"u8, position.Epoch);
        frame.Writer.WriteNumber("offset"u8, position.Offset);
        frame.Writer.WriteNumber("from"u8, from);
        frame.Writer.WriteNumber("to"u8, to);
        frame.Writer.WriteString("reason"u8, reason);
        return frame.End();
    }

    /// <param name="id">The command's id.</param>
    /// <param name="delivered">How many connections it reached; null where the sender may not know it.</param>
    public static byte[] Sent(ReadOnlyMemory<byte> id, int? delivered)
    {
        var frame = JsonFrame.Begin("sent", id);
        if (delivered is { } count)
        {
            frame.Writer.WriteNumber("delivered"u8, count);
        }

        return frame.End();
    }

    /// <param name="from">The user who sends, or null.</param>
    /// <param name="connection">The connection of somebody anonymous who sends; null beside a user, and where it is the server.</param>
    /// <param name="data">JSON on one line.</param>
    public static byte[] Direct(string? from, string? connection, ReadOnlySpan<byte> data)
    {
        var frame = JsonFrame.Begin("direct");
        if (from is not null)
        {
            frame.Writer.WriteString("from"u8, from);
        }

        if (connection is not null)
        {
            frame.Writer.WriteString("connection"u8, connection);
        }

        frame.Raw("data"u8, data);
        return frame.End();
    }

    public static byte[] Result(ReadOnlyMemory<byte> id, ReadOnlySpan<byte> data)
    {
        var frame = JsonFrame.Begin("result", id);
        frame.Raw("data"u8, data);
        return frame.End();
    }

    private static byte[] MakeDraining()
    {
        var frame = JsonFrame.Begin("disconnecting");
        frame.Writer.WriteString("reason"u8, DisconnectCode.Draining.Reason);
        frame.Writer.WriteBoolean("reconnect"u8, true);
        frame.Writer.WriteNumber("after"u8, 0);
        return frame.End();
    }
}

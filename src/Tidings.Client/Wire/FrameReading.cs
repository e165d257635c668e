using Tidings.Protocol;

namespace Tidings.Client.Wire;

/// <summary>Makes of frames what applications see.</summary>
internal static class FrameReading
{
    /// <summary>A message.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="channel">Its channel.</param>
    /// <param name="epoch">The epoch of its offset; null for an ephemeral one.</param>
    /// <param name="own">Which messages are the client's own.</param>
    public static ChannelMessage Message(this ServerFrame frame, string channel, string? epoch, OwnMessages own)
    {
        StreamPosition? position = epoch is not null && frame.Offset is { } offset ? new StreamPosition(epoch, offset) : null;
        return frame.Message(channel, position, position is { } at && own.Has(channel, at));
    }

    private static ChannelMessage Message(this ServerFrame frame, string channel, StreamPosition? position, bool isOwn) => new(channel)
    {
        Position = position,
        IsOwn = isOwn,
        IsRemoved = frame.Truth("removed") == true,
        IsKeyRemoval = frame.Truth("remove") == true,
        Data = frame.Raw("data"),
        Bytes = frame.Payload,
        From = frame.Text("from"),
        Connection = frame.Text("connection"),
        Event = frame.Text("event"),
        Key = frame.Text("key"),
        Time = DateTimeOffset.UnixEpoch.AddMilliseconds(Math.Min(frame.Whole("time") ?? 0, LatestTime)),
    };

    /// <summary>The answer of <c>history</c>.</summary>
    /// <exception cref="TidingsException">It says not where.</exception>
    public static ChannelHistory History(this ServerFrame frame, string channel, OwnMessages own)
    {
        var position = frame.Position ?? throw Malformed();
        return new ChannelHistory(position, frame.Recovered, [.. frame.Objects("messages", "message").Select(message => message.Message(channel, position.Epoch, own))]);
    }

    /// <summary>The answer of <c>presence</c>, or that part of <c>subscribed</c>.</summary>
    public static ChannelPresence Presence(this ServerFrame frame)
    {
        var members = frame.Objects("members").Select(Member).OfType<ChannelMember>().ToList();
        return new ChannelPresence(members, (int)Math.Min(frame.Whole("count") ?? members.Count, int.MaxValue));
    }

    public static ChannelMember? Member(this ServerFrame frame) =>
        frame.Text("user") is { } user ? new ChannelMember(user, (int)Math.Min(frame.Whole("connections") ?? 0, int.MaxValue), frame.Raw("info"))
        {
            Connection = frame.Text("connection"),
            UserInfo = frame.Raw("user_info"),
        } : null;

    /// <summary>Why a command was refused.</summary>
    public static TidingsException Refusal(this ServerFrame frame) => new(
        frame.Error,
        frame.Text("error") ?? "",
        [.. frame.Objects("details").Select(static detail => new FieldError(detail.Text("field") ?? "", detail.Text("message") ?? ""))]);

    public static TidingsException Malformed() => new(ErrorCode.Internal, "The server's answer cannot be read.");

    // The last millisecond that a DateTimeOffset can name.
    private static readonly double LatestTime = (DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).TotalMilliseconds - 1;
}

using Tidings.Channels;
using Tidings.Messages;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;

namespace Tidings.Dialects;

/// <summary>The channel protocol for connections that take binary payloads as they are: in a binary frame behind a line of JSON, both ways. All else is the frames of
/// <paramref name="json"/>, shared with its connections.</summary>
internal sealed class BinaryConnectDialect(ConnectDialect json, MessageDeflater? deflater = null) : SessionDialect(deflater)
{
    public override string ProtocolName => json.ProtocolName;

    public override bool TakesBinary => true;

    public override bool HasHeadLines => true;

    public override CommandFault? Read(ref ReadOnlySpan<byte> text, out Command command) => json.Read(ref text, out command);

    public override CommandFault? ReadBinary(ref ReadOnlySpan<byte> message, out Command command)
    {
        var fault = CommandReader.ReadBinary(message, out command);
        message = default;
        return fault;
    }

    public override byte[] Answer(Command command, Outcome outcome) => json.Answer(command, outcome);

    public override byte[] Say(Notice notice) => json.Say(notice);

    public override byte[] Gap(string channel, in ChannelGap gap) => json.Gap(channel, gap);

    public override Dialect FormOf(Message message) => message is { Kind: MessageKind.Message, Data.Kind: DataKind.Binary } ? this : json;

    public override byte[] Encode(Message message)
    {
        var frame = JsonFrame.Begin("message");
        frame.Writer.WriteString("channel"u8, message.Channel);
        ConnectDialect.WriteFields(frame, message, withoutData: true);
        return Frame.Binary(frame.EndJson(), message.Data.Bytes.Span);
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;

namespace Tidings.Channels.Tests.ForeignDialect;

/// <summary>A protocol of lines, unlike that of <c>/connect</c> in everything that a dialect may choose. Several commands may come in one message.</summary>
/// <remarks><code>
/// SUB id channel [epoch/offset]   OK id epoch/offset [whole|gap]     MSG channel offset json
/// PUB id channel json             OK id [epoch/offset]               LOST channel from-to reason
/// END id channel                  OK id                              GONE channel reason
/// ?                               !                                  HELLO connection; BYE; ARE-YOU-THERE
///                                 NO id code text
/// </code></remarks>
internal sealed class LineDialect(MessageDeflater? deflater = null) : SessionDialect(deflater)
{
    private static readonly CommandFault Malformed = new("Malformed line", []);

    public override string ProtocolName => "lines";

    public override byte[] Ping { get; } = Line("ARE-YOU-THERE");

    public override CommandFault? Read(ref ReadOnlySpan<byte> text, out Command command)
    {
        var end = text.IndexOf((byte)'\n');
        var line = end < 0 ? text : text[..end];
        text = end < 0 ? default : text[(end + 1)..];
        var words = Encoding.UTF8.GetString(line).Split(' ', 4);
        command = new Command { Id = words.Length > 1 ? Encoding.UTF8.GetBytes(words[1]) : default };
        switch (words)
        {
            case ["SUB", _, var channel] when ChannelName.IsValid(channel):
                return Name(command, CommandType.Subscribe, channel);
            case ["SUB", _, var channel, var since] when ChannelName.IsValid(channel) && Position(since) is { } position:
                command.Target.Since = position;
                return Name(command, CommandType.Subscribe, channel);
            case ["PUB", _, var channel, var json] when ChannelName.IsValid(channel) && IsJson(json):
                command.Data = Encoding.UTF8.GetBytes(json);
                return Name(command, CommandType.Publish, channel);
            case ["END", _, var channel] when ChannelName.IsValid(channel):
                return Name(command, CommandType.Unsubscribe, channel);
            case ["?"]:
                command.Type = CommandType.Ping;
                return null;
            case ["!"]:
                command.Type = CommandType.Pong;
                return null;
            default:
                return Malformed;
        }
    }

    public override byte[]? Answer(Command command, Outcome outcome)
    {
        var id = Encoding.UTF8.GetString(command.Id.Span);
        return outcome switch
        {
            Outcome.Refused refused => Line($"NO {id} {refused.Code.ToWire()} {refused.Error}"),
            Outcome.Subscribed { Recovered: { } recovered } subscribed => Line($"OK {id} {Text(subscribed.Start)} {(recovered ? "whole" : "gap")}"),
            Outcome.Subscribed subscribed => Line($"OK {id} {Text(subscribed.Start)}"),
            Outcome.Published { Position: { } position } => Line($"OK {id} {Text(position)}"),
            Outcome.Unsubscribed => Line($"OK {id}"),
            Outcome.Pong => Line("!"),
            _ => null,
        };
    }

    public override byte[]? Say(Notice notice) => notice switch
    {
        Notice.Connected connected => Line($"HELLO {connected.Id}"),
        Notice.Unsubscribed gone => Line($"GONE {gone.Channel} {gone.Reason}"),
        Notice.Direct direct => Line($"YOU {Encoding.UTF8.GetString(direct.Data.Span)}"),
        Notice.Refused refused => Line($"NO - {refused.Why.Code.ToWire()} {refused.Why.Error}"),
        Notice.Draining => Line("BYE"),
        _ => null,
    };

    public override byte[] Gap(string channel, in ChannelGap gap) => Line($"LOST {channel} {gap.From}-{gap.To} {gap.Reason}");

    public override DisconnectCode CloseCode(DisconnectCode code) => code.Code >= 4000 ? new DisconnectCode((ushort)(code.Code - 1000), code.Reason) : code;

    // Binary frames: nothing else that the server writes has them.
    public override byte[] Encode(Message message) => message.Kind == MessageKind.Message
        ? Frame.Create(Opcode.Binary, Encoding.UTF8.GetBytes($"MSG {message.Channel} {message.Offset} {Encoding.UTF8.GetString(message.Data.ToJson().Span)}"))
        : [];

    private static CommandFault? Name(Command command, CommandType type, string channel)
    {
        command.Type = type;
        command.Target.Channel = channel;
        return null;
    }

    private static StreamPosition? Position(string text) =>
        text.Split('/') is [{ Length: > 0 } epoch, var offset] && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new StreamPosition(epoch, number)
            : null;

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Text(StreamPosition position) => string.Create(CultureInfo.InvariantCulture, $"{position.Epoch}/{position.Offset}");

    private static byte[] Line(string line) => Frame.Text(Encoding.UTF8.GetBytes(line));
}

using System.Buffers;
using System.Text.Json;
using Tidings.Channels;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;
using Tidings.Security.Identities;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>The Centrifuge protocol in Protobuf: what its JSON says, in binary frames of messages with their lengths before them.</summary>
/// <param name="json">The protocol in JSON.</param>
/// <param name="deflater">Compresses; null where nothing is compressed.</param>
/// <param name="hearsLines">Whether commands come as <see cref="LinesOf"/> makes them.</param>
internal sealed class CentrifugeProtobufDialect(CentrifugeDialect json, MessageDeflater? deflater, bool hearsLines = false) : SessionDialect(deflater)
{
    private static readonly byte[] Pong = "{}"u8.ToArray();
    private static readonly CommandFault Malformed = new("bad request", []) { Ends = true };

    public override string ProtocolName => "centrifuge-protobuf";

    public override bool TakesBinary => !hearsLines;

    public override bool TakesText => hearsLines;

    public override bool OpensByCommand => json.OpensByCommand;

    public override bool EndsAtGap => json.EndsAtGap;

    public override bool SeesConnections => json.SeesConnections;

    public override ChangeDialect Changes { get; } = new BinaryDeltas(json.Changes);

    public override int MessagesInAnswer => json.MessagesInAnswer;

    public override DisconnectCode? Oversized => json.Oversized;

    public override byte[] Ping { get; } = Frame.Create(Opcode.Binary, [0]);

    public override string NewId() => json.NewId();

    /// <summary>Commands as lines of JSON; null where they are malformed.</summary>
    public static byte[]? LinesOf(ReadOnlySpan<byte> commands)
    {
        var lines = new ArrayBufferWriter<byte>(commands.Length + 64);
        while (!commands.IsEmpty)
        {
            if (!ProtobufReader.TryTake(ref commands, out var message) || !TryWriteLine(message, lines))
            {
                return null;
            }

            lines.Write("\n"u8);
        }

        return lines.WrittenSpan.ToArray();
    }

    /// <summary>The disconnect that ends a stream.</summary>
    public static byte[] Disconnect(DisconnectCode code) => ProtobufWriter.Write(CentrifugeJson.Disconnect(code), CentrifugeSchema.Reply);

    public override CommandFault? Read(ref ReadOnlySpan<byte> text, out Command command)
    {
        if (hearsLines)
        {
            return json.Read(ref text, out command);
        }

        command = new Command { Type = CommandType.Pong };
        if (!ProtobufReader.TryTake(ref text, out var message))
        {
            text = default;
            return Malformed;
        }

        // As many as bytes may come at once.
        if (message.IsEmpty)
        {
            return null;
        }

        var line = new ArrayBufferWriter<byte>(message.Length + 64);
        if (!TryWriteLine(message, line))
        {
            text = default;
            return Malformed;
        }

        var one = line.WrittenSpan;
        return one.SequenceEqual(Pong) ? null : CentrifugeReader.Read(ref one, out command);
    }

    public override SessionProof? ProveOpening(Command command) => json.ProveOpening(command);

    public override TokenJudgement? SignIn(string connection, Command command) => json.SignIn(connection, command);

    public override bool EndsWithExpiredToken => json.EndsWithExpiredToken;

    public override SubscriptionProof? Prove(string connection, string? user, SubscribeRequest request) => json.Prove(connection, user, request);

    public override byte[]? Answer(Command command, Outcome outcome) => json.Answer(command, outcome) is { } frame ? Binary(frame, command.Word == CentrifugeDialect.Delta) : null;

    public override byte[]? Say(Notice notice) => json.Say(notice) is { } frame ? Binary(frame) : null;

    public override byte[] Encode(Message message) => json.BytesOf(message) is { Length: > 0 } frame ? Binary(frame) : [];

    public override DisconnectCode CloseCode(DisconnectCode code) => json.CloseCode(code);

    private static bool TryWriteLine(ReadOnlySpan<byte> message, ArrayBufferWriter<byte> line)
    {
        using var writer = new Utf8JsonWriter(line, JsonFrame.Options);
        return ProtobufReader.TryWrite(message, CentrifugeSchema.Command, writer);
    }

    private static byte[] Binary(byte[] frame, bool isText = false) =>
        Frame.Create(Opcode.Binary, ProtobufWriter.Write(Frame.PayloadOf(frame), isText ? CentrifugeSchema.TextReply : CentrifugeSchema.Reply));

    // What is a text there are bytes here.
    private sealed class BinaryDeltas(ChangeDialect json) : ChangeDialect
    {
        public override byte[] Encode(Message message) => json.BytesOf(message) is { Length: > 0 } frame ? Binary(frame, isText: true) : [];

        public override byte[] ChangeOf(Message before, Message message) => Binary(json.ChangeOf(before, message), isText: true);
    }
}

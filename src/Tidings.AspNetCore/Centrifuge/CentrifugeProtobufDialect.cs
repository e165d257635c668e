using System.Buffers;
using System.Text.Json;
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
internal sealed class CentrifugeProtobufDialect(CentrifugeDialect json, MessageDeflater? deflater) : SessionDialect(deflater)
{
    private static readonly CommandFault Malformed = new("bad request", []) { Ends = true };

    public override bool IsBinary => true;

    public override bool OpensByCommand => json.OpensByCommand;

    public override bool EndsAtGap => json.EndsAtGap;

    public override bool SeesConnections => json.SeesConnections;

    public override int MessagesInAnswer => json.MessagesInAnswer;

    public override DisconnectCode? Oversized => json.Oversized;

    public override byte[] Ping { get; } = Frame.Create(Opcode.Binary, [0]);

    public override string NewId() => json.NewId();

    public override CommandFault? Read(ref ReadOnlySpan<byte> text, out Command command)
    {
        command = new Command { Type = CommandType.Pong };
        if (!ProtobufReader.TryTake(ref text, out var message))
        {
            text = default;
            return Malformed;
        }

        if (message.IsEmpty)
        {
            return null;
        }

        var line = new ArrayBufferWriter<byte>(message.Length + 64);
        using (var writer = new Utf8JsonWriter(line, JsonFrame.Options))
        {
            if (!ProtobufReader.TryWrite(message, CentrifugeSchema.Command, writer))
            {
                return Malformed;
            }
        }

        var one = line.WrittenSpan;
        return CentrifugeReader.Read(ref one, out command);
    }

    public override SessionProof? ProveOpening(Command command) => json.ProveOpening(command);

    public override Identity? SignIn(string connection, Command command) => json.SignIn(connection, command);

    public override SubscriptionProof? Prove(string connection, string? user, SubscribeRequest request) => json.Prove(connection, user, request);

    public override byte[]? Answer(Command command, Outcome outcome) => json.Answer(command, outcome) is { } frame ? Binary(frame) : null;

    public override byte[]? Say(Notice notice) => json.Say(notice) is { } frame ? Binary(frame) : null;

    public override byte[] Encode(Message message) => json.BytesOf(message) is { Length: > 0 } frame ? Binary(frame) : [];

    public override DisconnectCode CloseCode(DisconnectCode code) => json.CloseCode(code);

    private static byte[] Binary(byte[] frame) => Frame.Create(Opcode.Binary, ProtobufWriter.Write(Frame.PayloadOf(frame), CentrifugeSchema.Reply));
}

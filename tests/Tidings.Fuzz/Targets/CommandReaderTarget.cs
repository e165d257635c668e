using System.Text.Json;
using System.Text.Unicode;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.Fuzz.Targets;

/// <summary>The input is a text message of the channel protocol. What is accepted or refused is compared with a whole JSON document.</summary>
internal sealed class CommandReaderTarget : FuzzTarget
{
    public override string Name => "command-reader";

    // The document costs more than the code under test.
    public override int AllocationBound => 512 * 1024;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [.. "\"type\":\"subscribe\""u8], [.. "\"type\":\"publish\""u8], [.. "\"channel\":\"a\""u8], [.. "\"channels\":["u8], [.. "\"since\":{\"epoch\":\"e\",\"offset\":1}"u8],
        [.. "\"last\":3"u8], [.. "\"limit\":1e400"u8], [.. "\"data64\":\"AAEC\""u8], [.. "\"remove\":true"u8], [.. "\"before\":{\"epoch\":\"e\",\"offset\":1}"u8], [.. "\"data\":"u8], [.. "\"id\":"u8], [.. "\"key\":\"k\""u8], [.. "\"idempotencyKey\":\"k\""u8], [.. "\"durable\":true"u8],
        [.. "\"ephemeral\":true"u8], [.. "\"to\":\"u\""u8], [.. "\"user\":\"u\""u8], [.. "\"connection\":\"c\""u8], [.. "\"method\":\"m\""u8], [.. "\"params\":["u8], [.. "\"token\":\"t\""u8], [.. "9007199254740992"u8], [.. "-1"u8],
        [.. "{\"a\":"u8], [.. "[[[["u8], [.. "]]]]"u8], [.. "\\ud800"u8], [.. "\\u0061"u8], [.. ","u8], [.. "null"u8], [.. "\r\n"u8], [.. "}"u8], [.. "\"\""u8],
    ];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var fault = CommandReader.Read(input, out var command);
        if (Utf8.IsValid(input))
        {
            var json = IsJson(input);
            Require(json || fault is { Details.Count: 0 }, "what is no JSON is refused as such");
            Require(!json || fault is not { Details.Count: 0 } || input.IndexOf("\\u"u8) >= 0, "JSON is not refused as no JSON");
            Require(command.Id.IsEmpty || (command.Id.Length <= 64 && IsJson(command.Id.Span)), "an id is a short JSON value");
        }

        if (fault is not null)
        {
            return new Outcome(fault.Details.Count == 0 ? "no JSON" : "refused", Path(command, fault));
        }

        Require(command.Type != CommandType.Unknown, "a command has a type");
        Require(command.Data.IsEmpty || (IsJson(command.Data.Span) && command.Data.Span.IndexOfAny((byte)'\r', (byte)'\n') < 0), "data is JSON on one line");
        Require(command.Type != CommandType.Send || !command.Data.IsEmpty, "who sends says something");
        Require(command.Type != CommandType.Publish || new[] { !command.Data.IsEmpty, command.Bytes is not null, command.Remove }.Count(static one => one) == 1, "what is published is JSON, bytes or a removal");
        Require(command.Type != CommandType.Send || command.To is { Length: > 0 }, "what is sent has a receiver");
        Require(command.Limit is null or >= 0, "a limit is at least 0");
        Require((command.Key?.Length ?? 0) <= 128 && (command.IdempotencyKey?.Length ?? 0) <= 128, "keys are short");
        Require(!(command.Durable && command.Ephemeral), "durable and ephemeral exclude each other");
        foreach (var target in command.Targets ?? [command.Target])
        {
            Check(target, needed: command.Type is CommandType.Subscribe or CommandType.Unsubscribe or CommandType.Publish or CommandType.History or CommandType.Presence);
        }

        return new Outcome("accepted", Path(command, null));
    }

    private static void Check(SubscribeRequest target, bool needed)
    {
        Require(target.Channel.Length == 0 ? !needed : ChannelName.IsValid(target.Channel), "a channel has a good name");
        Require((target.Last is null or >= 0) && !(target is { Since: not null, Last: not null }), "since and last exclude each other");
        Require(target.Since is not { } since || (since.Epoch.Length is > 0 and <= StreamPosition.LongestEpoch && since.Offset is >= 0 and <= StreamPosition.LargestOffset), "a position is in its bounds");
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
            using var document = JsonDocument.ParseValue(ref reader);
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static ulong Path(Command command, CommandFault? fault)
    {
        var path = new Fnv();
        path.Add((byte)command.Type);
        path.Add((byte)Math.Min(command.Targets?.Count ?? 255, 20));
        path.Add((byte)((command.Id.IsEmpty ? 1 : 0) | (command.Target.Since is null ? 2 : 0) | (command.Durable ? 4 : 0) | (command.Ephemeral ? 8 : 0) | (command.Limit > 0 ? 16 : 0)));
        foreach (var (field, message) in fault?.Details ?? [])
        {
            path.Add((byte)field.Length);
            path.Add((byte)message.Length);
        }

        return path.Value;
    }
}

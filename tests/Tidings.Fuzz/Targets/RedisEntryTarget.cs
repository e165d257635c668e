using System.Numerics;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Fuzz.Targets;

/// <summary>The input is what somebody has published in Redis. What is taken for a message can be written again, and is read as the same.</summary>
internal sealed class RedisEntryTarget : FuzzTarget
{
    public override string Name => "redis-entry";

    // It is written and read once more.
    public override int AllocationBound => 256 * 1024;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [.. "1 abc 7 1700000000000\n"u8], [.. "1 - 0 1\n"u8], [.. "2 "u8], [.. "{}\n"u8], [.. "{\"from\":\"a\"}\n"u8], [.. "\"key\":\"k\""u8], [.. "\"text\":true"u8], [.. "\"binary\":true"u8],
        [.. "\"event\":\"join\""u8], [.. "\"event\":\"leave\""u8], [.. "\"except\":[\"a\",\"b\"]"u8], [.. "\"hidden\":\"AAEC\""u8], [.. "\"trace\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\""u8], [.. "\"$type\":\"x\""u8], [.. "9007199254740992"u8],
        [.. "-1"u8], [.. "\n"u8], [.. " "u8], [.. "[[[["u8], [.. "null"u8], [.. "\\ud800"u8], [.. "\u0001"u8],
    ];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        if (LogEntry.DecodePublished("a", bytes) is not { } message)
        {
            var plain = LogEntry.DecodePlain("a", bytes, 1);
            Require(plain is null || plain.Data.Bytes.Span.SequenceEqual(input), "plain words are passed on as they are");
            return new Outcome("refused", plain is null ? 1UL : 2UL);
        }

        Require(message.Offset is >= 0 and <= StreamPosition.LargestOffset, "an offset is in its bounds");
        Require(message.Offset == 0 || message.Epoch.Length is > 0 and <= StreamPosition.LongestEpoch, "an epoch is in its bounds");
        Require(message.Data.Kind != DataKind.Json || JsonPayload.IsOneLine(message.Data.Bytes.Span), "data is JSON on one line");
        var written = LogEntry.Encode(new Publication("a", message.Data) { Kind = message.Kind, From = message.From, Key = message.Key, Event = message.Event, Connection = message.Connection, Except = message.Except, Hidden = message.Hidden, TraceParent = message.TraceParent });
        var again = LogEntry.Decode("a", message.Position, message.Time, written);
        Require(again is not null, "what was read can be written");
        Require(again!.Kind == message.Kind && again.From == message.From && again.Key == message.Key && again.Event == message.Event && again.Connection == message.Connection, "what is written is read as the same");
        Require(again.Data.Kind == message.Data.Kind && again.Data.Bytes.Span.SequenceEqual(message.Data.Bytes.Span), "its data is the same");
        Require((again.Except?.Names.Count ?? -1) == (message.Except?.Names.Count ?? -1) && again.Except?.HasUsers == message.Except?.HasUsers && (again.Hidden?.Length ?? -1) == (message.Hidden?.Length ?? -1) && again.TraceParent == message.TraceParent, "nothing is lost");
        var path = new Fnv();
        path.Add((byte)message.Kind);
        path.Add((byte)((message.From is null ? 1 : 0) | (message.Key is null ? 2 : 0) | (message.Except is null ? 4 : 0) | (message.Hidden is null ? 8 : 0) | (message.Offset == 0 ? 16 : 0) | ((byte)message.Data.Kind << 5)));
        path.Add((byte)Math.Min(message.Except?.Names.Count ?? 0, 20));
        path.Add((byte)BitOperations.Log2((uint)message.Data.Bytes.Length + 1));
        path.Add((byte)Math.Min(message.From?.Length ?? 0, 20));
        return new Outcome("accepted", path.Value);
    }
}

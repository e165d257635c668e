using System.Text.Unicode;
using Tidings.AspNetCore.Centrifuge;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.Fuzz.Targets;

/// <summary>The input is a text message of the Centrifuge protocol: commands, one a line.</summary>
internal sealed class CentrifugeReaderTarget : FuzzTarget
{
    public override string Name => "centrifuge-reader";

    public override int AllocationBound => 2 * 1024 * 1024;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [.. "\"connect\":{"u8], [.. "\"subscribe\":{"u8], [.. "\"publish\":{"u8], [.. "\"history\":{"u8], [.. "\"presence_stats\":{"u8], [.. "\"rpc\":{"u8], [.. "\"send\":{"u8], [.. "\"refresh\":{"u8], [.. "\"sub_refresh\":{"u8],
        [.. "\"channel\":\"a\""u8], [.. "\"id\":4294967295"u8], [.. "\"id\":"u8], [.. "\"token\":\"t\""u8], [.. "\"data\":"u8], [.. "\"recover\":true"u8], [.. "\"offset\":18446744073709551615"u8], [.. "\"epoch\":\"e\""u8],
        [.. "\"since\":{"u8], [.. "\"limit\":-1"u8], [.. "\"reverse\":true"u8], [.. "\"flag\":3"u8], [.. "\"type\":1"u8], [.. "\"subs\":{"u8], [.. "\"method\":\"m\""u8], [.. "null"u8], [.. "\n"u8], [.. "\r"u8], [.. "}"u8], [.. "\\ud800"u8], [.. "[[[["u8],
    ];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        if (!Utf8.IsValid(input))
        {
            // No such message comes so far.
            return new Outcome("no UTF-8", 0);
        }

        var path = new Fnv();
        var name = "accepted";
        var text = input;
        while (!text.IsEmpty)
        {
            var left = text.Length;
            var fault = CentrifugeReader.Read(ref text, out var command);
            Require(text.Length < left, "each call takes something");
            Require(input.EndsWith(text), "what is left is the end of the message");
            if (fault is null)
            {
                Check(command);
            }

            name = fault is null ? name : fault.Ends ? "ends" : "refused";
            path.Add((byte)command.Type);
            path.Add((byte)((fault?.Details.Count ?? 9) + (command.Id.IsEmpty ? 16 : 0) + (command.Target.Since is null ? 32 : 0)));
        }

        return new Outcome(name, path.Value);
    }

    private static void Check(Command command)
    {
        Require(command.Type != CommandType.Unknown, "a command has a type");
        Require(command.Id.Length <= 10, "an id is a number of 32 bits");
        Require(command.Data.IsEmpty || JsonPayload.IsOneLine(command.Data.Span), "data is JSON on one line");
        Require(command.Type != CommandType.Publish || !command.Data.IsEmpty, "who publishes says something");
        Require(command.Type is not (CommandType.Subscribe or CommandType.Unsubscribe or CommandType.Publish or CommandType.History or CommandType.Presence) || ChannelName.IsValid(command.Target.Channel), "a channel has a good name");
        Require(command.Limit is null or (>= 0 and <= CentrifugeFields.MostMessages), "a limit is a page at most");
        foreach (var position in (command.Targets ?? []).Append(command.Target).Select(static target => target.Since).Append(command.Before))
        {
            Require(position is not { } since || (since.Epoch.Length <= StreamPosition.LongestEpoch && since.Offset is >= 0 and <= StreamPosition.LargestOffset), "a position is in its bounds");
        }
    }
}

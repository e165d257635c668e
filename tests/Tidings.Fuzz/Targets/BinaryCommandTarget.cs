using System.Text.Unicode;
using Tidings.Protocol.Commands;

namespace Tidings.Fuzz.Targets;

/// <summary>The input is a binary message of the channel protocol: a line of JSON, a line feed, a payload.</summary>
internal sealed class BinaryCommandTarget : FuzzTarget
{
    public override string Name => "binary-command";

    public override int LongestInput => 3 * CommandReader.LongestHead;

    // A head may name one field hundreds of times, and each is told.
    public override int AllocationBound => 512 * 1024;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [.. "{\"type\":\"publish\",\"channel\":\"a\"}\n"u8], [.. "\"type\":\"publish\""u8], [.. "\"channel\":\"a\""u8], [.. "\"id\":1"u8], [.. "\"data\":1"u8], [.. "\"data64\":\"AA==\""u8],
        [.. "\"remove\":true"u8], [.. "\"event\":\"e\""u8], [.. "\"key\":\"k\""u8], [.. "\\ud800"u8], [.. "\n"u8], [0xFF], [0], [.. "}"u8], [.. ","u8],
    ];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var fault = CommandReader.ReadBinary(input, out var command);
        var end = input.IndexOf((byte)'\n');
        Require(command.Id.IsEmpty || (command.Id.Length <= 64 && Utf8.IsValid(command.Id.Span)), "an id can be said back as text");
        if (fault is not null)
        {
            Require(command.Bytes is null || command.Bytes.Value.Length <= CommandReader.LongestHead, "of what is refused no payload is kept");
            return new Outcome(end < 0 ? "no head" : fault.Details.Count == 0 ? "no JSON" : "refused", Path(command, fault.Details.Count + 1));
        }

        Require(end is >= 0 and <= CommandReader.LongestHead, "a head ends within its bound");
        Require(command is { Type: CommandType.Publish, Remove: false } && command.Data.IsEmpty, "bytes are published, and nothing else is");
        Require(command.Bytes!.Value.Span.SequenceEqual(input[(end + 1)..]), "the payload is what stands behind the line");
        return new Outcome("accepted", Path(command, 0));
    }

    private static ulong Path(Command command, int faults)
    {
        var path = new Fnv();
        path.Add((byte)command.Type);
        path.Add((byte)Math.Min(faults, 20));
        path.Add((byte)((command.Id.IsEmpty ? 1 : 0) | (command.Key is null ? 2 : 0) | (command.Event is null ? 4 : 0) | (command.Durable ? 8 : 0) | (command.Ephemeral ? 16 : 0)));
        return path.Value;
    }
}

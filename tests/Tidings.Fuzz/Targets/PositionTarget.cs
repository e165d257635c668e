using System.Text;
using Tidings.Protocol;
using Tidings.Protocol.Positions;

namespace Tidings.Fuzz.Targets;

/// <summary>First byte of the input: 1 the rest is the JSON inside a position, else the position itself.</summary>
internal sealed class PositionTarget : FuzzTarget
{
    public override string Name => "position";

    public override int LongestInput => 2300;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[] { "[[\"a\",\"e\",1]]", "],[", "\"\\ud800\"", "9007199254740991", "9007199254740992", "1e3", "-1", "null", "W10", "=", "\u0001" }.Select(Encoding.UTF8.GetBytes)];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var text = input.IsEmpty ? ""
            : (input[0] & 1) != 0 ? System.Buffers.Text.Base64Url.EncodeToString(input[1..])
            : Encoding.Latin1.GetString(input[1..]);
        var path = new Fnv();
        if (ChannelPositions.TryRead(text) is not { } positions)
        {
            return new Outcome("refused", path.Value);
        }

        Require(text.Length <= ChannelPositions.LongestText, "a position is bounded");
        Require(positions.Count <= ChannelPositions.MostChannels, "a position has at most 16 channels");
        Require(positions.Select(static at => at.Channel).Distinct().Count() == positions.Count, "no channel stands twice");
        foreach (var (channel, at) in positions)
        {
            Require(ChannelName.IsValid(channel), "a channel has a valid name");
            Require(at.Epoch.Length is >= 1 and <= StreamPosition.LongestEpoch && at.Offset is >= 0 and <= StreamPosition.LargestOffset, "a place is within its bounds");
            path.Add((byte)at.Epoch.Length);
        }

        // What is written again may be longer: escapes that need not be are not kept, others that must be are.
        if (positions.Sum(static at => ReaderPosition.LargestEntry(at.Channel)) < ChannelPositions.LongestJson && positions.All(static at => Ascii.IsValid(at.Position.Epoch)))
        {
            var again = ChannelPositions.TryRead(Encoding.ASCII.GetString(new ReaderPosition(positions).Text));
            Require(again is not null && again.SequenceEqual(positions), "what is written is read as the same");
        }

        return new Outcome("accepted", path.Value);
    }
}

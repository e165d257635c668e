using System.Text.Unicode;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Fuzz.Targets;

/// <summary>
/// First byte of the input: 1 the peer is a server, 2 RSV1 is allowed, 4 no text, 8 no binary messages, 16 the limits grow after the
/// first segment. The rest is the wire.
/// </summary>
internal sealed class MessageReaderTarget : FuzzTarget
{
    private const int SoftLimit = 600;
    private const int HardLimit = 2000;

    public override string Name => "message-reader";

    public override IReadOnlyList<byte[]> Dictionary { get; } = WireDictionary.Frames;

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var options = input.IsEmpty ? 0 : input[0];
        var wire = input.IsEmpty ? input : input[1..];
        var cut = Read(wire, options, cut: true);

        // Where limits change on the way, what is seen depends on the cutting.
        Require((options & 16) != 0 || cut == Read(wire, options, cut: false), "every cutting gives the same messages");
        return new Outcome(cut.Code switch { 0 => "accepted", 1002 => "refused 1002", 1003 => "refused 1003", 1007 => "refused 1007", _ => "refused 1009" }, cut.Path);
    }

    private static (ulong Seen, ulong Path, int Code) Read(ReadOnlySpan<byte> wire, int options, bool cut)
    {
        var rules = new MessageRules(SoftLimit, HardLimit, Text: (options & 4) == 0, Binary: (options & 8) == 0);
        if ((options & 16) != 0)
        {
            rules = rules with { SoftLimit = 10, HardLimit = 700 };
        }

        var reader = new MessageReader(fromClient: (options & 1) == 0, allowCompressed: (options & 2) != 0);
        Fnv seen = new(), path = new();
        var received = 0;
        var cuts = new Cuts(wire, whole: !cut);
        while (cuts.Next() is { } segment)
        {
            received += segment.Length;
            for (var input = segment.AsSpan(); ;)
            {
                var found = reader.Read(ref input, rules);
                Require(reader.BufferedBytes <= Math.Max(256, Math.Min(2 * received, 2 * SoftLimit)), "memory is at most twice what came");
                if (found.Kind == MessageEventKind.NeedMore)
                {
                    Require(input.IsEmpty, "all input is used before more is asked for");
                    break;
                }

                Check(found, rules);
                seen.Add((byte)found.Kind);
                seen.Add(found.CloseCode);
                seen.Add(found.Payload);
                path.Add((byte)found.Kind);
                path.Add((byte)(32 - int.LeadingZeroCount(found.Payload.Length)));
                if (found.Kind == MessageEventKind.Error)
                {
                    path.Add((byte)found.Error);
                    return Failed(ref reader, rules, found.Error, seen.Value, path.Value);
                }
            }

            // Nobody may still look at input that was read.
            segment.AsSpan().Fill(0xA5);
            if ((options & 16) != 0)
            {
                rules = rules with { SoftLimit = SoftLimit, HardLimit = HardLimit };
            }
        }

        reader.Release();
        Require(reader.BufferedBytes == 0, "a reader that was released holds nothing");
        return (seen.Value, path.Value, 0);
    }

    private static (ulong Seen, ulong Path, int Code) Failed(ref MessageReader reader, MessageRules rules, ProtocolError error, ulong seen, ulong path)
    {
        Require(reader.BufferedBytes == 0, "a reader that failed holds nothing");
        Span<byte> more = [0x81, 0x80, 0, 0, 0, 0];
        var again = reader.Read(ref more, rules);
        Require(again.Kind == MessageEventKind.Error && again.Error == error, "an error stays");
        return (seen, path, error.ToDisconnectCode().Code);
    }

    private static void Check(in MessageEvent found, MessageRules rules)
    {
        switch (found.Kind)
        {
            case MessageEventKind.Text:
                Require(rules.Text, "text comes where it is taken");
                Require(found.Compressed || Utf8.IsValid(found.Payload), "text is UTF-8");
                Require(found.Payload.Length <= rules.SoftLimit, "a message is within the soft limit");
                break;
            case MessageEventKind.Binary:
                Require(rules.Binary, "binary comes where it is taken");
                Require(found.Payload.Length <= rules.SoftLimit, "a message is within the soft limit");
                break;
            case MessageEventKind.Close:
                Require(found.CloseCode == DisconnectCode.NoStatus.Code ? found.Payload.IsEmpty : DisconnectCode.IsValidOnWire(found.CloseCode), "a close code may be on the wire");
                Require(Utf8.IsValid(found.Payload), "a reason is UTF-8");
                break;
            case MessageEventKind.Error:
                Require(found.Error != ProtocolError.None && found.Error.ToDisconnectCode().Code is 1002 or 1003 or 1007 or 1009, "an error has a documented code");
                break;
        }
    }
}

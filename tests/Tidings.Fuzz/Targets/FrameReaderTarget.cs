using Tidings.Protocol.Frames;

namespace Tidings.Fuzz.Targets;

/// <summary>First byte of the input: 1 the peer is a server, 2 RSV1 is allowed. The rest is the wire.</summary>
internal sealed class FrameReaderTarget : FuzzTarget
{
    public override string Name => "frame-reader";

    public override IReadOnlyList<byte[]> Dictionary { get; } = WireDictionary.Frames;

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var options = input.IsEmpty ? 0 : input[0];
        var wire = input.IsEmpty ? input : input[1..];
        var whole = Read(wire, options, cut: false);
        Require(whole == Read(wire, options, cut: true), "every cutting gives the same frames");
        return new Outcome(whole.Error == ProtocolError.None ? "accepted" : "refused 1002", whole.Path);
    }

    private static (ulong Seen, ulong Path, ProtocolError Error) Read(ReadOnlySpan<byte> wire, int options, bool cut)
    {
        var reader = new FrameReader(fromClient: (options & 1) == 0, allowCompressed: (options & 2) != 0);
        Fnv seen = new(), path = new();
        long announced = 0;
        var reads = 0;
        var cuts = new Cuts(wire, whole: !cut);
        while (cuts.Next() is { } segment)
        {
            for (var input = segment.AsSpan(); ;)
            {
                var found = reader.Read(ref input);
                Require(++reads <= (5 * wire.Length) + 10, "each read makes progress");
                if (found.Kind == FrameEventKind.NeedMore)
                {
                    Require(input.IsEmpty, "all input is used before more is asked for");
                    break;
                }

                if (found.Kind == FrameEventKind.Error)
                {
                    Require(found.Error is > ProtocolError.None and <= ProtocolError.Fragmentation, "a frame's error is one of framing");
                    path.Add((byte)found.Error);
                    return (seen.Value, path.Value, found.Error);
                }

                Check(found, ref announced, options);
                if (found.Kind == FrameEventKind.Control || found.StartsFrame)
                {
                    seen.Add((byte)found.Opcode);
                    seen.Add(found.FrameLength);
                    path.Add((byte)found.Opcode);
                    path.Add((byte)(found.StartsMessage ? 1 : 0));
                    path.Add((byte)(64 - long.LeadingZeroCount(found.FrameLength)));
                }

                seen.Add(found.Payload);
                if (found.EndsMessage)
                {
                    seen.Add((byte)(found.Compressed ? 0xC1 : 0xC0));
                    path.Add(0xC0);
                }
            }
        }

        path.Add((byte)(reader.IsMidMessage ? 1 : 0));
        return (seen.Value, path.Value, ProtocolError.None);
    }

    private static void Check(in FrameEvent found, ref long announced, int options)
    {
        if (found.Kind == FrameEventKind.Control)
        {
            Require(found.Opcode is Opcode.Close or Opcode.Ping or Opcode.Pong, "a control frame has an opcode of control");
            Require(found.Payload.Length <= FrameReader.ControlPayload, "a control frame has at most 125 bytes");
            return;
        }

        Require(found.Opcode is Opcode.Text or Opcode.Binary, "data is text or binary");
        Require(!found.Compressed || (options & 2) != 0, "nothing is compressed unless agreed");
        if (found.StartsFrame)
        {
            Require(found.FrameLength >= 0, "a length is not negative");
            announced = found.FrameLength;
        }

        announced -= found.Payload.Length;
        Require(announced >= 0, "a frame has no more bytes than announced");
        Require(!found.EndsMessage || announced == 0, "a message ends with the last byte of a frame");
    }
}

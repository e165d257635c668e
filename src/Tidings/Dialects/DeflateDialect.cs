using System.Buffers;
using Tidings.Channels;
using Tidings.Messages;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;

namespace Tidings.Dialects;

/// <summary>Another dialect's frames with permessage-deflate (RFC 7692): compressed once for all who agreed to it, without context.</summary>
/// <remarks>What is small, or does not shrink, goes as it is: each message may be either.</remarks>
internal sealed class DeflateDialect(int index, Dialect plain, MessageDeflater deflater) : Dialect(index)
{
    public Dialect Plain => plain;

    public override bool TellsGaps => plain.TellsGaps;

    public override void Missed(Subscription subscription) => plain.Missed(subscription);

    public override byte[] Encode(Message message)
    {
        var frame = plain.BytesOf(message);
        if (frame.Length == 0)
        {
            return frame;
        }

        var payload = Frame.PayloadOf(frame);
        var buffer = ArrayPool<byte>.Shared.Rent(MessageDeflater.DestinationLength(payload.Length));
        try
        {
            return deflater.TryDeflate(payload, buffer, out var length)
                ? Frame.Create((Opcode)(frame[0] & 0x0F), buffer.AsSpan(0, length), compressed: true)
                : frame;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>The same for peers with a smaller window: what does not fit into it goes uncompressed (RFC 7692 §7.1.2.1).</summary>
internal sealed class SmallWindowDialect(DeflateDialect full, DeflateTerms terms) : Dialect(full.Index)
{
    public override bool TellsGaps => full.TellsGaps;

    public override void Missed(Subscription subscription) => full.Missed(subscription);

    public override byte[] BytesOf(Message message)
    {
        var frame = full.Plain.BytesOf(message);
        return frame.Length > 0 && terms.Allows(Frame.PayloadOf(frame).Length) ? full.BytesOf(message) : frame;
    }

    public override byte[] Encode(Message message) => full.Encode(message);
}

/// <summary>One dialect in all the forms that peers may have agreed to.</summary>
internal sealed class DialectFamily
{
    private readonly Dialect _plain;
    private readonly DeflateDialect _full;
    private readonly Dialect[] _small;

    /// <param name="plain">The dialect itself.</param>
    /// <param name="deflateIndex">Where messages keep its compressed bytes.</param>
    /// <param name="deflater">How it is compressed.</param>
    public DialectFamily(Dialect plain, int deflateIndex, MessageDeflater deflater)
    {
        _plain = plain;
        _full = new DeflateDialect(deflateIndex, plain, deflater);
        _small = [.. Enumerable.Range(DeflateTerms.SmallestWindow, DeflateTerms.LargestWindow - DeflateTerms.SmallestWindow)
            .Select(bits => new SmallWindowDialect(_full, new DeflateTerms(bits)))];
    }

    /// <summary>The form for a peer: plain where <paramref name="terms"/> is null. The same object for the same terms.</summary>
    public Dialect For(DeflateTerms? terms) => terms switch
    {
        null => _plain,
        { SendWindowBits: DeflateTerms.LargestWindow } => _full,
        _ => _small[terms.SendWindowBits - DeflateTerms.SmallestWindow],
    };
}

using System.Buffers;
using Tidings.Messages;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;

namespace Tidings.Channels;

/// <summary>Another dialect's frames with permessage-deflate (RFC 7692): compressed once for all who agreed to it, without context.</summary>
/// <remarks>What is small, or does not shrink, goes as it is: each message may be either.</remarks>
internal sealed class CompressedDialect(Dialect plain, MessageDeflater deflater) : Dialect
{
    public override byte[]? Gap(string channel, in ChannelGap gap) => plain.Gap(channel, gap);

    public override void Missed(Subscription subscription) => plain.Missed(subscription);

    public override Dialect FormOf(Message message) => plain.FormOf(message).Compressed ?? this;

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

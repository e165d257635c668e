using Tidings.Messages;
using Tidings.Protocol.Compression;

namespace Tidings.Channels;

/// <summary>The words of one wire for what happens in channels: made once for all subscribers who speak it. Knows no socket. Safe from any thread.</summary>
internal abstract class Dialect : MessageEncoder
{
    /// <param name="deflater">Compresses for peers who agreed to it; null where nothing is compressed.</param>
    protected Dialect(MessageDeflater? deflater = null) => Compressed = deflater is null ? null : new CompressedDialect(this, deflater);

    /// <summary>The same with compression; null where nothing is compressed.</summary>
    public Dialect? Compressed { get; }

    /// <summary>The bytes that go to everybody who speaks this dialect; none where the message is not for them.</summary>
    public virtual byte[] BytesOf(Message message) => message.For(FormOf(message));

    /// <summary>The dialect in whose words the message is said: another one where both say the same, so that it is encoded once for both.</summary>
    public virtual Dialect FormOf(Message message) => this;

    /// <summary>What subscribers are told of a gap; null where the wire has no words for it, and <see cref="Missed"/> is called for each of them.</summary>
    public virtual byte[]? Gap(string channel, in ChannelGap gap) => null;

    /// <summary>Called on the lane for a subscriber that has missed something of which it is not told, before the next message.</summary>
    public virtual void Missed(Subscription subscription)
    {
    }

    /// <summary>The form for a peer. The same object for the same terms.</summary>
    /// <param name="terms">What was agreed on compression. A peer with a window smaller than RFC 7692's largest gets everything uncompressed (§7.1.2.1 allows it).</param>
    public Dialect For(DeflateTerms? terms) => terms is { SendWindowBits: DeflateTerms.LargestWindow } && Compressed is { } compressed ? compressed : this;
}

namespace Tidings.Channels;

/// <summary>The words of one wire: turns messages into bytes, and knows no sockets.</summary>
/// <param name="index">Where a message keeps this dialect's bytes: below <see cref="Count"/>, each dialect its own.</param>
internal abstract class Dialect(int index)
{
    /// <summary>How many dialects keep their bytes in a message.</summary>
    public const int Count = 6;

    public int Index => index;

    /// <summary>Whether who speaks it is told of gaps.</summary>
    public virtual bool TellsGaps => true;

    /// <summary>Where gaps aren't told in words: called on the lane for each subscriber that has missed something, before the next message.</summary>
    public virtual void Missed(Subscription subscription)
    {
    }

    /// <summary>The bytes that go to everybody who speaks this dialect, made once; none where the message is not for them.</summary>
    public virtual byte[] BytesOf(Message message) => message.For(this);

    /// <summary>Makes the bytes.</summary>
    public abstract byte[] Encode(Message message);
}

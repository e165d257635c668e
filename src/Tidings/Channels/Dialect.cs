using Tidings.Messages;

namespace Tidings.Channels;

/// <summary>The words of one wire: which bytes of a message go to those who speak it, and what is said of gaps.</summary>
internal abstract class Dialect(int index) : MessageEncoder(index)
{
    /// <summary>Whether those who speak it are told of gaps.</summary>
    public virtual bool TellsGaps => true;

    /// <summary>Where gaps aren't told in words: called on the lane for each subscriber that has missed something, before the next message.</summary>
    public virtual void Missed(Subscription subscription)
    {
    }

    /// <summary>The bytes that go to everybody who speaks this dialect, made once; none where the message is not for them.</summary>
    public virtual byte[] BytesOf(Message message) => message.For(this);
}

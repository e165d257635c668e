namespace Tidings.Messages;

/// <summary>Makes the bytes that a message has on one wire, and knows no sockets.</summary>
/// <param name="index">Where a message keeps these bytes: below <see cref="Count"/>, each encoder its own.</param>
internal abstract class MessageEncoder(int index)
{
    /// <summary>How many encoders keep their bytes in a message.</summary>
    public const int Count = 6;

    public int Index => index;

    /// <summary>Makes the bytes.</summary>
    public abstract byte[] Encode(Message message);
}

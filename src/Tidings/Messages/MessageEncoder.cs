namespace Tidings.Messages;

/// <summary>Makes the bytes that a message has on one wire, and knows no sockets. A message keeps what each encoder made of it.</summary>
internal abstract class MessageEncoder
{
    /// <summary>Makes the bytes; an empty array where this wire does not show the message.</summary>
    public abstract byte[] Encode(Message message);
}

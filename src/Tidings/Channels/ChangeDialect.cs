using Tidings.Messages;

namespace Tidings.Channels;

/// <summary>A wire on which a message may say what changed since the one before. It is never compressed. Safe from any thread.</summary>
internal abstract class ChangeDialect : Dialect
{
    /// <summary>The bytes of a message for those who got <paramref name="before"/> last. Called once for each lane.</summary>
    public abstract byte[] ChangeOf(Message before, Message message);
}

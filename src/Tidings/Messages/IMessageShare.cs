namespace Tidings.Messages;

/// <summary>What a kept message counts against: one sender's share of the memory for histories. Safe from any thread.</summary>
internal interface IMessageShare
{
    /// <summary>Adds bytes of frames that were encoded while the message is kept.</summary>
    void AddFrames(int bytes);
}

namespace Tidings;

/// <summary>A message was not published: the channel's state has as many keys (<c>StateKeys</c>) or bytes (<c>StateBytes</c>) as its kind allows, or the server has no memory for more.</summary>
public sealed class ChannelStateFullException : Exception
{
    /// <inheritdoc cref="ChannelStateFullException"/>
    public ChannelStateFullException()
        : base("The channel's state is full.")
    {
    }

    /// <inheritdoc cref="ChannelStateFullException"/>
    /// <param name="message">What is full.</param>
    public ChannelStateFullException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="ChannelStateFullException"/>
    /// <param name="message">What is full.</param>
    /// <param name="innerException">What led to it.</param>
    public ChannelStateFullException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

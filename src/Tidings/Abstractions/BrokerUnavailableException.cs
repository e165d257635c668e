namespace Tidings.Brokers;

/// <summary>The broker cannot be reached, or did not answer in time: whether the message was accepted is not known.</summary>
public sealed class BrokerUnavailableException : Exception
{
    /// <inheritdoc cref="BrokerUnavailableException"/>
    public BrokerUnavailableException()
        : this("The broker cannot be reached.")
    {
    }

    /// <inheritdoc cref="BrokerUnavailableException"/>
    public BrokerUnavailableException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="BrokerUnavailableException"/>
    public BrokerUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Why nothing can be written, in words that a client may be told, where the broker was reached and has refused; else null.</summary>
    internal string? Refusal { get; init; }
}

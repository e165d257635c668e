namespace Tidings.Brokers;

/// <summary>A durable publish was asked for, and the broker cannot promise that a crash would not lose it. Nothing was published.</summary>
public sealed class NotDurableException : Exception
{
    /// <inheritdoc cref="NotDurableException"/>
    public NotDurableException()
        : this("The broker cannot give durability.")
    {
    }

    /// <inheritdoc cref="NotDurableException"/>
    public NotDurableException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="NotDurableException"/>
    public NotDurableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

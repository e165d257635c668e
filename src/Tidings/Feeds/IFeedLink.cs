namespace Tidings.Feeds;

/// <summary>A connection over which channels are heard, until it ends. Safe from any thread.</summary>
public interface IFeedLink
{
    /// <summary>Has what is published under a name delivered; completes once nothing that is published is missed.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="Brokers.BrokerUnavailableException">The connection does not answer.</exception>
    Task HearAsync(string name);

    /// <summary>Ends the connection; the next one begins where it has ended.</summary>
    /// <param name="why">For the log.</param>
    void Fail(string why);
}

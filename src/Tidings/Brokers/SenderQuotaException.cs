namespace Tidings.Brokers;

/// <summary>The sender has used up its own share of something; nobody else's is touched. Nothing was published.</summary>
/// <param name="message">Which share.</param>
/// <param name="retryAfter">The milliseconds after which to try again; null where that is not known.</param>
public sealed class SenderQuotaException(string message, int? retryAfter = null) : Exception(message)
{
    /// <summary>The milliseconds after which to try again; null where that is not known.</summary>
    public int? RetryAfter => retryAfter;
}

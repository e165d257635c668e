namespace Tidings.Security.Issuers;

/// <summary>An issuer's keys could not be had, or are refused; the message says why, in the middle of a sentence.</summary>
internal sealed class IssuerException(string message, Exception? inner = null) : Exception(message, inner);

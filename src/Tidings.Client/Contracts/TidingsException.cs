using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>One field of a command that is wrong.</summary>
/// <param name="Field">Its name; empty for the whole.</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record FieldError(string Field, string Message);

/// <summary>A command was refused or could not be carried out, or a subscription was.</summary>
public class TidingsException : Exception
{
    /// <summary>Says why.</summary>
    /// <param name="code">The code on the wire.</param>
    /// <param name="message">The same in words.</param>
    /// <param name="details">Which fields are wrong.</param>
    /// <param name="cause">What it comes of; null for none.</param>
    public TidingsException(ErrorCode code, string message, IReadOnlyList<FieldError>? details = null, Exception? cause = null)
        : base(message, cause)
    {
        Code = code;
        Details = details ?? [];
    }

    /// <summary>
    /// Why. <see cref="ErrorCode.Unavailable"/> and <see cref="ErrorCode.Timeout"/> leave open whether the command was carried out;
    /// <see cref="ErrorCode.TooMany"/> is the client's own where too many commands wait.
    /// </summary>
    public ErrorCode Code { get; }

    /// <summary>Which fields are wrong; empty where none is named.</summary>
    public IReadOnlyList<FieldError> Details { get; }
}

/// <summary>The client is away for good: the server closed it with a code on which it stays away, or it gave up.</summary>
/// <param name="reason">The last close code.</param>
/// <param name="cause">What the network said; null where the server said all there is.</param>
public sealed class TidingsDisconnectedException(DisconnectCode reason, Exception? cause = null)
    : TidingsException(ErrorCode.Unavailable, $"Disconnected: {reason.Code} {(reason.Reason.Length > 0 ? reason.Reason : cause?.Message)}".TrimEnd(), cause: cause)
{
    /// <summary>The last close code, with the server's reason; 1006 where the network ended the connection.</summary>
    public DisconnectCode Reason { get; } = reason;
}

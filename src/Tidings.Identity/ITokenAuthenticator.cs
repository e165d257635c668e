using Tidings.Security.Tokens;

namespace Tidings.Security;

/// <summary>Says whose token it is. An application that knows users by tokens of its own kind registers one as a singleton service;
/// without it, tokens are checked as <c>Tidings:Jwt</c> says.</summary>
public interface ITokenAuthenticator
{
    /// <summary>Checks a token that came by query, header, subprotocol, cookie or first message, or with a subscription (<see cref="TokenIdentity.Channel"/>).
    /// Called on the thread pool, many at once.</summary>
    /// <param name="token">1 to 8,192 characters, not yet looked at. It must not be logged.</param>
    /// <param name="cancellationToken">Fires when the request is given up. After 10 s nobody waits for the answer any more.</param>
    /// <returns>Who it is; null where the token is not accepted.</returns>
    ValueTask<TokenIdentity?> AuthenticateAsync(string token, CancellationToken cancellationToken);
}

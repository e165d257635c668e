using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>Finds out who bears a token. Safe from any thread; it never keeps the token.</summary>
internal sealed class Authenticator(ITokenAuthenticator tokens, Revocations revocations, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly GrantsCache _grants = new();

    /// <summary>Goes on where it is called: on a lane, leave it first.</summary>
    /// <returns>Null where the token is not accepted.</returns>
    /// <exception cref="TimeoutException">It took more than 10 s.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<Identity?> IdentifyAsync(string token, CancellationToken cancellationToken = default)
    {
        if (token.Length is 0 or > TokenLimits.TokenLength)
        {
            return null;
        }

        var asking = tokens.AuthenticateAsync(token, cancellationToken);
        var said = asking.IsCompleted ? await asking.ConfigureAwait(false) : await asking.AsTask().WaitAsync(Limit, time, cancellationToken).ConfigureAwait(false);
        if (said is null || !UserId.IsValid(said.Subject))
        {
            return null;
        }

        var grants = said.Permissions is { } permissions ? _grants.Find(permissions) : null;
        if (grants is null && said.Permissions is not null)
        {
            return null;
        }

        var identity = new Identity
        {
            User = said.Subject,
            TokenId = said.TokenId,
            ExpiresAt = said.ExpiresAt?.ToUnixTimeMilliseconds() ?? long.MaxValue,
            IssuedAt = said.IssuedAt?.ToUnixTimeMilliseconds() ?? 0,
            Grants = grants,
        };
        return identity.ExpiresAt <= time.GetUtcNow().ToUnixTimeMilliseconds() || revocations.Cover(identity) ? null : identity;
    }
}

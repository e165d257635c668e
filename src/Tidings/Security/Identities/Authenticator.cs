using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>Finds out who bears a token. Safe from any thread; it never keeps the token.</summary>
internal sealed class Authenticator(ITokenAuthenticator tokens, Revocations revocations, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly GrantsCache _grants = new();

    /// <summary>Goes on where it is called: on a lane, leave it first.</summary>
    /// <returns>Who bears the token, or why it is not accepted.</returns>
    /// <exception cref="TimeoutException">It took more than 10 s.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<TokenJudgement> IdentifyAsync(string token, CancellationToken cancellationToken = default)
    {
        if (token.Length is 0 or > TokenLimits.TokenLength)
        {
            return TokenReason.Length;
        }

        TokenIdentity? said;
        if (tokens is JwtAuthenticator jwt)
        {
            var result = jwt.Validate(token);
            if (!result.IsValid)
            {
                return TokenReason.Of(result.Failure);
            }

            said = result.Identity;
        }
        else
        {
            var asking = tokens.AuthenticateAsync(token, cancellationToken);
            said = asking.IsCompleted ? await asking.ConfigureAwait(false) : await asking.AsTask().WaitAsync(Limit, time, cancellationToken).ConfigureAwait(false);
        }

        if (said is null)
        {
            return TokenReason.Application;
        }

        if (!UserId.IsValid(said.Subject))
        {
            return TokenReason.Subject;
        }

        var grants = said.Permissions is { } permissions ? _grants.Find(permissions) : null;
        if (grants is null && said.Permissions is not null)
        {
            return TokenReason.Grants;
        }

        var identity = new Identity
        {
            User = said.Subject,
            TokenId = said.TokenId,
            ExpiresAt = said.ExpiresAt?.ToUnixTimeMilliseconds() ?? long.MaxValue,
            IssuedAt = said.IssuedAt?.ToUnixTimeMilliseconds() ?? 0,
            SeenAt = said.IssuedAt is null ? revocations.Clock.Now : 0,
            Grants = grants,
            Send = said.Send,
        };
        if (identity.ExpiresAt <= time.GetUtcNow().ToUnixTimeMilliseconds())
        {
            return TokenReason.Expired;
        }

        return revocations.Judge(identity) switch
        {
            RevocationVerdict.None => identity,
            RevocationVerdict.Unclear => new TokenJudgement(null, TokenReason.Unclear, Later: true),
            _ => identity.IssuedAt == 0 ? TokenReason.Undated : TokenReason.Revoked,
        };
    }
}

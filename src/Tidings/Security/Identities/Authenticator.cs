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
        var (said, refusal) = await ReadAsync(token, cancellationToken).ConfigureAwait(false);
        return said is null ? refusal
            : said.Channel is not null ? TokenReason.Purpose
            : said.Permissions is null ? Judge(said, null)
            : _grants.Find(said.Permissions, said.Within) is { } grants ? Judge(said, grants)
            : TokenReason.Grants;
    }

    /// <summary>Who bears the token of one subscription, and is granted that alone: to subscribe, to read back, to see who is there.</summary>
    /// <inheritdoc cref="IdentifyAsync"/>
    /// <param name="token">The token.</param>
    /// <param name="channel">The channel that it must be for.</param>
    /// <param name="user">The connection's user, whose it must be.</param>
    /// <param name="cancellationToken">The caller gives up.</param>
    public async ValueTask<TokenJudgement> IdentifySubscriptionAsync(string token, string channel, string? user, CancellationToken cancellationToken = default)
    {
        var (said, refusal) = await ReadAsync(token, cancellationToken).ConfigureAwait(false);
        if (said is null)
        {
            return refusal;
        }

        if (said.Channel != channel)
        {
            return said.Channel is null ? TokenReason.NoChannel : TokenReason.OtherChannel;
        }

        return said.Subject != user ? TokenReason.OtherUser
            : ChannelGrants.TryGrant(channel, said.Within) is { } grants ? Judge(said, grants)
            : TokenReason.OutsideIssuer;
    }

    private async ValueTask<(TokenIdentity? Said, TokenJudgement Refusal)> ReadAsync(string token, CancellationToken cancellationToken)
    {
        if (token.Length is 0 or > TokenLimits.TokenLength)
        {
            return (null, TokenReason.Length);
        }

        if (tokens is JwtAuthenticator jwt)
        {
            var result = jwt.Check(token);
            return (result.Identity, new TokenJudgement(null, TokenReason.Of(result.Failure), result.MayHoldLater));
        }

        var asking = tokens.AuthenticateAsync(token, cancellationToken);
        return (
            asking.IsCompleted ? await asking.ConfigureAwait(false) : await asking.AsTask().WaitAsync(Limit, time, cancellationToken).ConfigureAwait(false),
            TokenReason.Application);
    }

    private TokenJudgement Judge(TokenIdentity said, ChannelGrants? grants)
    {
        if (!UserId.IsValid(said.Subject))
        {
            return TokenReason.Subject;
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
            Claims = said.Claims,
            Info = said.Info.IsEmpty ? null : said.Info.ToArray(),
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

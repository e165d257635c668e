namespace Tidings.Security.Tokens;

/// <summary>How a <see cref="TokenValidator"/> judges; copied when the validator is made.</summary>
public sealed class TokenValidatorOptions
{
    /// <summary>Refuses tokens without <c>exp</c>. Default true; where it is false, such a token holds until it is revoked.</summary>
    public bool RequireExpiration { get; set; } = true;

    /// <summary>How far <c>exp</c> may lie after <c>iat</c>, or after now where there is no <c>iat</c>; what holds longer, or for ever, is refused. Default null: no limit.</summary>
    public TimeSpan? MaxLifetime { get; set; }

    /// <summary>How far <c>nbf</c> and <c>iat</c> may lie ahead of this clock; <c>exp</c> is exact. Default 30 s; 0 allows nothing.</summary>
    public TimeSpan ClockSkew { get; set; } = TokenLimits.DefaultClockSkew;

    /// <summary>Keeps the signed JSON in <see cref="TokenIdentity.Payload"/>, for hosts that read claims of their own. Default: it is let go, since it would stay in memory as long as the connection.</summary>
    public bool KeepPayload { get; set; }
}

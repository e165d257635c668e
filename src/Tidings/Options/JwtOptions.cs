using Tidings.Options;
using Tidings.Security.Tokens;

namespace Tidings;

/// <summary>JSON Web Tokens, by which clients say who they are. Without a key no token is accepted.</summary>
[Reloadable]
public sealed class JwtOptions
{
    /// <summary>The secret of the one HS256 key, for who needs no more: at least 32 bytes (docs/guides/authentication.md). Default none.</summary>
    [OptionForm("at least 32 bytes")]
    [SecretOption]
    public string? Secret { get; set; }

    /// <summary>Keys beside <see cref="Secret"/>; tokens choose one by <c>kid</c>. At most 64. Default empty.</summary>
    public IList<JwtKeyOptions> Keys { get; } = [];

    /// <summary>What <c>iss</c> must be. Default none: anything, or nothing.</summary>
    public string? Issuer { get; set; }

    /// <summary>What <c>aud</c> must be or contain. Default none: only tokens without <c>aud</c> are accepted.</summary>
    public string? Audience { get; set; }

    /// <summary>Whether a token without <c>exp</c> is refused. Default true; where it is false, such a token holds until it is revoked.</summary>
    public bool RequireExpiration { get; set; } = true;

    /// <summary>How long a token may hold: <c>exp</c> at most this far after <c>iat</c>, or after now where there is no <c>iat</c>. Default none: as long as <c>exp</c> says.</summary>
    [OptionRange("1s", "3650d")]
    public TimeSpan? MaxLifetime { get; set; }

    /// <summary>How far the clock of the issuer may be ahead of the server's: what <c>nbf</c> and <c>iat</c> may lie in the future. <c>exp</c> is exact. Default 30 s; 0 allows nothing.</summary>
    [OptionRange("0", "10m")]
    public TimeSpan ClockSkew { get; set; } = TokenLimits.DefaultClockSkew;

    /// <summary>The same as a validator takes it.</summary>
    internal TokenValidatorOptions Validation() => new() { RequireExpiration = RequireExpiration, MaxLifetime = MaxLifetime, ClockSkew = ClockSkew };
}

/// <summary>One key that checks tokens. Its algorithm is fixed here and never taken from a token.</summary>
[Reloadable]
public sealed class JwtKeyOptions
{
    /// <summary>The name by which a token's <c>kid</c> chooses it. Default none: no <c>kid</c> does.</summary>
    public string? Id { get; set; }

    /// <summary>The one algorithm it is used with. Default <see cref="TokenAlgorithm.HS256"/>.</summary>
    public TokenAlgorithm Algorithm { get; set; }

    /// <summary>The secret of an HS256, HS384 or HS512 key: at least 32, 48 or 64 bytes. Default none.</summary>
    [OptionForm("at least 32, 48 or 64 bytes")]
    [SecretOption]
    public string? Secret { get; set; }

    /// <summary>A file with the public (or private) key of an RS or ES key, in PEM form. Default none.</summary>
    [OptionForm("a PEM file")]
    public string? PemFile { get; set; }
}

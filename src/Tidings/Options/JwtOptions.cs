using Tidings.Options;
using Tidings.Security.Tokens;

namespace Tidings;

/// <summary>JSON Web Tokens, by which clients say who they are. Without a key or an issuer no token is accepted.</summary>
[Reloadable]
public sealed class JwtOptions
{
    /// <summary>The secret of the one HS256 key, for who needs no more: at least 32 bytes (docs/guides/authentication.md). Default none.</summary>
    [OptionForm("at least 32 bytes")]
    [SecretOption]
    public string? Secret { get; set; }

    /// <summary>Keys beside <see cref="Secret"/>; tokens choose one by <c>kid</c>. At most 64. Default empty.</summary>
    public IList<JwtKeyOptions> Keys { get; } = [];

    /// <summary>The address of an OpenID Connect provider, whose discovery document says where its keys are; its tokens are accepted (docs/guides/authentication.md). Default none.</summary>
    [OptionForm("a URL")]
    public string? Authority { get; set; }

    /// <summary>The address of a JSON Web Key Set, for an issuer without a discovery document. Default none.</summary>
    [OptionForm("a URL")]
    public string? JwksUrl { get; set; }

    /// <summary>What <c>iss</c> must be. Default none: anything, or nothing; with <see cref="Authority"/> what its discovery document says.</summary>
    public string? Issuer { get; set; }

    /// <summary>What <c>aud</c> must be or contain. Required with <see cref="Authority"/> and <see cref="JwksUrl"/>. Default none: only tokens without <c>aud</c> are accepted.</summary>
    public string? Audience { get; set; }

    /// <summary>The claim that is compared with <see cref="Audience"/>; Cognito's access tokens have <c>client_id</c>. Default <c>aud</c>.</summary>
    public string AudienceClaim { get; set; } = "aud";

    /// <summary>Algorithms that fetched keys are used with: RS, PS and ES. Default all; a fetched key that names none is used with RS256, or that of its curve.</summary>
    [OptionForm("RS, PS and ES algorithms, as `rs256`")]
    public IList<TokenAlgorithm> Algorithms { get; } = [];

    /// <summary>The claim that is the user's id: <c>sub</c>, <c>user_id</c>, <c>email</c> (then <c>email_verified</c> must be true), or a path as <c>user.id</c>. Default <c>sub</c>.</summary>
    public string UserClaim { get; set; } = "sub";

    /// <summary>The claim that grants channels, <c>{"chat:*":["subscribe"]}</c>; a path as <see cref="UserClaim"/>. Default <c>channels</c>.</summary>
    public string ChannelsClaim { get; set; } = "channels";

    /// <summary>The claim with the user's roles, which <see cref="Roles"/> turns into channels: a text or a list, as <c>roles</c> or <c>realm_access.roles</c>. Default none.</summary>
    public string? RolesClaim { get; set; }

    /// <summary>What each role grants. With <see cref="RolesClaim"/> somebody with none of these roles is granted nothing. Default empty.</summary>
    public IList<JwtRoleOptions> Roles { get; } = [];

    /// <summary>Issuers beside the keys, <see cref="Authority"/> and <see cref="JwksUrl"/> above, each with settings of its own; a token's <c>iss</c> chooses one. At most 16. Default empty.</summary>
    public IList<JwtIssuerOptions> Issuers { get; } = [];

    /// <summary>Whether a token without <c>exp</c> is refused. Default true; where it is false, such a token holds until it is revoked.</summary>
    public bool RequireExpiration { get; set; } = true;

    /// <summary>How long a token may hold: <c>exp</c> at most this far after <c>iat</c>, or after now where there is no <c>iat</c>. Default none: as long as <c>exp</c> says.</summary>
    [OptionRange("1s", "3650d")]
    public TimeSpan? MaxLifetime { get; set; }

    /// <summary>How far the clock of the issuer may be ahead of the server's: what <c>nbf</c> and <c>iat</c> may lie in the future. <c>exp</c> is exact. Default 30 s; 0 allows nothing.</summary>
    [OptionRange("0", "10m")]
    public TimeSpan ClockSkew { get; set; } = TokenLimits.DefaultClockSkew;

    /// <summary>Whether tokens of anybody are accepted.</summary>
    internal bool AcceptsTokens => Secret is not null || Keys.Count > 0 || Authority is not null || JwksUrl is not null || Issuers.Count > 0;

    /// <summary>The same as a validator takes it.</summary>
    internal TokenValidatorOptions Validation() => new() { RequireExpiration = RequireExpiration, MaxLifetime = MaxLifetime, ClockSkew = ClockSkew };
}

/// <summary>An issuer whose keys are fetched: an OpenID Connect provider, or an address of keys.</summary>
[Reloadable]
public sealed class JwtIssuerOptions
{
    /// <summary>What <c>iss</c> of its tokens is. Default what the discovery document of <see cref="Authority"/> says; required without one.</summary>
    public string? Issuer { get; set; }

    /// <summary>The address of an OpenID Connect provider. Default none.</summary>
    [OptionForm("a URL")]
    public string? Authority { get; set; }

    /// <summary>The address of a JSON Web Key Set, in the place of <see cref="Authority"/>. Default none.</summary>
    [OptionForm("a URL")]
    public string? JwksUrl { get; set; }

    /// <summary>What <see cref="AudienceClaim"/> must be or contain. Required.</summary>
    public string? Audience { get; set; }

    /// <summary>The claim that is compared with <see cref="Audience"/>; Cognito's access tokens have <c>client_id</c>. Default <c>aud</c>.</summary>
    public string AudienceClaim { get; set; } = "aud";

    /// <summary>Algorithms that its keys are used with: RS, PS and ES. Default all; a key that names none is used with RS256, or that of its curve.</summary>
    [OptionForm("RS, PS and ES algorithms, as `rs256`")]
    public IList<TokenAlgorithm> Algorithms { get; } = [];

    /// <summary>The claim that is the user's id, as <c>Tidings:Jwt:UserClaim</c>. Default <c>sub</c>.</summary>
    public string UserClaim { get; set; } = "sub";

    /// <summary>What stands before the user's id, as <c>google:</c>: two issuers may mean two people by one id. Default nothing.</summary>
    public string? UserPrefix { get; set; }

    /// <summary>The claim that grants channels, as <c>Tidings:Jwt:ChannelsClaim</c>. Default <c>channels</c>.</summary>
    public string ChannelsClaim { get; set; } = "channels";

    /// <summary>The claim with the user's roles, as <c>Tidings:Jwt:RolesClaim</c>; what they grant is in <c>Tidings:Jwt:Roles</c>. Default none.</summary>
    public string? RolesClaim { get; set; }

    /// <summary>Patterns of channels that its tokens may name at most, by claim, role or channel token. Default empty: any.</summary>
    [OptionForm("a pattern")]
    public IList<string> Channels { get; } = [];
}

/// <summary>What a role grants.</summary>
[Reloadable]
public sealed class JwtRoleOptions
{
    /// <summary>The role, as it stands in the token. Required.</summary>
    public string Role { get; set; } = "";

    /// <summary>What it grants: patterns, each with what it allows there, as <c>chat:*=subscribe,publish</c> (also <c>history</c>, <c>presence</c>). Default empty.</summary>
    [OptionForm("a pattern and what it allows")]
    public IList<string> Channels { get; } = [];
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

    /// <summary>A file with the public (or private) key of an RS, PS or ES key, in PEM form. Default none.</summary>
    [OptionForm("a PEM file")]
    public string? PemFile { get; set; }
}

namespace Tidings.Security.Tokens;

/// <summary>Bounds on what a token may be, checked before anything is done with it.</summary>
internal static class TokenLimits
{
    /// <summary>Characters of a whole token: what a request line of Kestrel's default size still holds.</summary>
    internal const int TokenLength = 8 * 1024;

    internal const int HeaderDepth = 8;

    internal const int PayloadDepth = 16;

    /// <summary>Characters of <c>sub</c>, <c>jti</c>, <c>name</c> and <c>kid</c>.</summary>
    internal const int NameLength = 128;

    internal const int Patterns = 64;

    /// <summary>Bytes of <c>info</c>.</summary>
    internal const int InfoBytes = 4 * 1024;

    /// <summary>Values of one claim that rules ask for.</summary>
    internal const int ClaimValues = 64;

    /// <summary>Bytes of a channel pattern, as of a channel's name.</summary>
    internal const int PatternBytes = 255;

    /// <summary>Keys of one validator, one bit each in <see cref="TokenKeySet"/>'s choice.</summary>
    internal const int Keys = 64;

    /// <summary>Keys that a token without <c>kid</c> may have to be tried with: each may cost its sender nothing and us an elliptic-curve check.</summary>
    internal const int KeysTried = 4;

    /// <summary>Clock skew allowed for <c>nbf</c> and <c>iat</c> by default; <c>exp</c> is exact (RFC 7519 §4.1.4 allows a leeway, none is taken).</summary>
    internal static readonly TimeSpan DefaultClockSkew = TimeSpan.FromSeconds(30);
}

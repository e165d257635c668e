using System.Diagnostics.CodeAnalysis;

namespace Tidings.Security.Tokens;

/// <summary>What came of checking a token: an identity, or the reason why not.</summary>
public readonly struct TokenResult
{
    internal TokenResult(TokenIdentity identity) => Identity = identity;

    internal TokenResult(TokenFailure failure, bool mayHoldLater = false) => (Failure, MayHoldLater) = (failure, mayHoldLater);

    /// <summary>Whether the token holds. A default value does not.</summary>
    [MemberNotNullWhen(true, nameof(Identity))]
    public bool IsValid => Identity is not null;

    /// <summary>Who the token speaks for; null where it was refused.</summary>
    public TokenIdentity? Identity { get; }

    /// <summary>Why it was refused; never to be sent to the peer.</summary>
    public TokenFailure Failure { get; }

    /// <summary>Whether the same token may be accepted later: its issuer may publish the key, or its keys could not be had yet.</summary>
    public bool MayHoldLater { get; }

    /// <summary>The outcome without anything that the token said.</summary>
    public override string ToString() => IsValid ? "Valid" : Failure.ToString();
}

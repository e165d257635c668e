using Tidings.Security.Tokens;

namespace Tidings.Security;

/// <summary>Tokens that are checked with the keys of the options.</summary>
internal sealed class JwtAuthenticator(TokenValidator validator) : ITokenAuthenticator
{
    /// <returns>Null where the options name no key.</returns>
    /// <exception cref="ArgumentException">A key cannot be used.</exception>
    public static JwtAuthenticator? From(JwtOptions options, TimeProvider time)
    {
        var keys = JwtKeys.Read(options, out var faults);
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', faults), nameof(options));
        }

        return keys.Count == 0 ? null : new JwtAuthenticator(new TokenValidator(keys, options.Issuer, options.Audience, time));
    }

    public ValueTask<TokenIdentity?> AuthenticateAsync(string token, CancellationToken cancellationToken) =>
        ValueTask.FromResult(validator.Validate(token).Identity);
}

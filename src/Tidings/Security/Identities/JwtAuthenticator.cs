using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>Tokens that are checked with the keys of the options.</summary>
internal sealed class JwtAuthenticator : ITokenAuthenticator
{
    private readonly TimeProvider _time;
    private volatile TokenValidator _validator;

    private JwtAuthenticator(TokenValidator validator, TimeProvider time) => (_validator, _time) = (validator, time);

    /// <returns>Null where the options name no key.</returns>
    /// <exception cref="ArgumentException">A key cannot be used.</exception>
    public static JwtAuthenticator? From(JwtOptions options, TimeProvider time) =>
        Validator(options, time) is { } validator ? new JwtAuthenticator(validator, time) : null;

    /// <summary>Checks tokens with other keys from now on. Whoever has come in with one of the old stays until it ends.</summary>
    /// <exception cref="ArgumentException">There is no key, or one cannot be used.</exception>
    public void Change(JwtOptions options) =>
        _validator = Validator(options, _time) ?? throw new ArgumentException("There is no key.", nameof(options));

    public ValueTask<TokenIdentity?> AuthenticateAsync(string token, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Validate(token).Identity);

    /// <summary>The same, with the reason where the token is not accepted.</summary>
    public TokenResult Validate(string token) => _validator.Validate(token);

    private static TokenValidator? Validator(JwtOptions options, TimeProvider time)
    {
        var keys = JwtKeys.Read(options, out var faults);
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', faults), nameof(options));
        }

        return keys.Count == 0 ? null : new TokenValidator(keys, options.Issuer, options.Audience, time, options.Validation());
    }
}

using Tidings.Security.Tokens;

namespace Tidings.Security.Issuers;

/// <summary>Checks the tokens of one issuer, with the keys that it has at the moment. Safe from any thread.</summary>
internal sealed class TokenIssuer
{
    private readonly IssuerSettings _settings;
    private readonly TokenValidatorOptions _options;
    private readonly TimeProvider _time;
    private volatile Checked? _checked;

    /// <param name="settings">The issuer.</param>
    /// <param name="remote">Its keys, where they are fetched.</param>
    /// <param name="options">How tokens are judged.</param>
    /// <param name="time">The clock.</param>
    public TokenIssuer(IssuerSettings settings, RemoteKeys? remote, TokenValidatorOptions options, TimeProvider time)
    {
        (_settings, Remote, _options, _time) = (settings, remote, options, time);
        if (remote is null)
        {
            _checked = new Checked(null, new TokenValidator(new TokenKeySet(settings.Keys), settings.Mapping, time, options));
        }
    }

    public RemoteKeys? Remote { get; }

    /// <summary>What <c>iss</c> of its tokens is; null where that is not known, or anything.</summary>
    public string? Name => _settings.Mapping.Issuer ?? Remote?.Current?.Issuer;

    /// <summary>Whether it takes tokens whatever they say of their issuer.</summary>
    public bool TakesAny => _settings.Mapping.Issuer is null && _settings.Location?.Authority is null;

    /// <summary>Whether a token that says it is of <paramref name="issuer"/> is for this one to check.</summary>
    public bool Is(string issuer) => Name is { } name ? name == issuer : _settings.Location?.Authority is { } authority && authority.TrimEnd('/') == issuer.TrimEnd('/');

    public TokenResult Check(ReadOnlySpan<char> token)
    {
        var keys = Remote?.Current;
        if (Validator(keys) is not { } validator)
        {
            Remote!.Ask(keys);
            return new TokenResult(TokenFailure.NoKeys, mayHoldLater: true);
        }

        TokenResult result = validator.Check(token);
        switch (result.Failure)
        {
            case TokenFailure.UnknownKey when Remote is not null:
                Remote.Ask(keys);
                return new TokenResult(TokenFailure.UnknownKey, mayHoldLater: true);
            case TokenFailure.Signature when Remote is not null:
                // It may be by a new key that has no id, or the id of an old one: as long as that is being found out, nobody is told that it is wrong.
                return new TokenResult(TokenFailure.Signature, mayHoldLater: Remote.Ask(keys));
            default:
                return result;
        }
    }

    // Made anew where the keys have changed; a caller that comes meanwhile finds the old or the new one.
    private TokenValidator? Validator(IssuerKeys? keys)
    {
        Checked? made = _checked;
        if (keys is null)
        {
            return made?.Validator;
        }

        if (made is null || !ReferenceEquals(made.Keys, keys))
        {
            var set = new TokenKeySet(keys.Keys, _settings.Location!.Algorithms.All);
            _checked = made = new Checked(keys, new TokenValidator(set, _settings.Mapping with { Issuer = _settings.Mapping.Issuer ?? keys.Issuer }, _time, _options));
        }

        return made.Validator;
    }

    private sealed record Checked(IssuerKeys? Keys, TokenValidator Validator);
}

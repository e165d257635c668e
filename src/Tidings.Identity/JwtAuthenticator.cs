using Microsoft.Extensions.Logging;
using Tidings.Security.Issuers;
using Tidings.Security.Tokens;

namespace Tidings.Security;

/// <summary>Tokens that are checked with the keys of their issuers: those of the configuration, and those that issuers publish.</summary>
internal sealed class JwtAuthenticator : ITokenAuthenticator, IDisposable
{
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lazy<IssuerHttp> _ownHttp;
    private readonly IIssuerHttp? _givenHttp;
    private volatile TokenIssuer[] _issuers;

    /// <param name="issuers">At least one. The first without a name of its own takes what names no other.</param>
    /// <param name="options">How tokens are judged.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where it is said how fetching keys goes.</param>
    /// <param name="http">How keys are fetched; null for over the network.</param>
    public JwtAuthenticator(IReadOnlyList<IssuerSettings> issuers, TokenValidatorOptions options, TimeProvider time, ILogger log, IIssuerHttp? http = null)
    {
        (_time, _log, _givenHttp) = (time, log, http);
        _ownHttp = new Lazy<IssuerHttp>(() => new IssuerHttp(time));
        _issuers = Make(issuers, options, []);
    }

    /// <summary>The keys that issuers publish, of each such issuer.</summary>
    public IEnumerable<RemoteKeys> Remotes => RemotesOf(_issuers);

    /// <summary>Fetches the keys that issuers publish; completes when the first attempts have ended, well or not.</summary>
    public Task StartAsync() => Task.WhenAll(_issuers.Select(static issuer => issuer.Remote?.Fetch() ?? Task.CompletedTask));

    /// <summary>Checks tokens by other issuers from now on. Keys that were fetched stay in force where they are published at the same place.</summary>
    public void Change(IReadOnlyList<IssuerSettings> issuers, TokenValidatorOptions options)
    {
        TokenIssuer[] before = _issuers;
        _issuers = Make(issuers, options, before);
        foreach (RemoteKeys old in RemotesOf(before).Except(RemotesOf(_issuers)))
        {
            old.Dispose();
        }

        _ = StartNewAsync(before);
    }

    public ValueTask<TokenIdentity?> AuthenticateAsync(string token, CancellationToken cancellationToken) => ValueTask.FromResult(Check(token).Identity);

    /// <summary>Checks a token of either kind, with the reason where it is not accepted. It never waits.</summary>
    public TokenResult Check(string token)
    {
        TokenIssuer[] issuers = _issuers;
        return issuers.Length == 1 ? issuers[0].Check(token)
            : Choose(issuers, IssuerClaim.Read(token)) is { } issuer ? issuer.Check(token)
            : new TokenResult(TokenFailure.Issuer);
    }

    public void Dispose()
    {
        foreach (RemoteKeys remote in RemotesOf(_issuers))
        {
            remote.Dispose();
        }

        if (_ownHttp.IsValueCreated)
        {
            _ownHttp.Value.Dispose();
        }
    }

    // Two may use one key id: whose token it is says which keys it is checked with, and after that it must hold that it is.
    private static TokenIssuer? Choose(TokenIssuer[] issuers, string? named) =>
        (named is null ? null : Array.Find(issuers, issuer => issuer.Is(named))) ?? Array.Find(issuers, static issuer => issuer.TakesAny);

    private static IEnumerable<RemoteKeys> RemotesOf(TokenIssuer[] issuers) => issuers.Select(static issuer => issuer.Remote).OfType<RemoteKeys>();

    private TokenIssuer[] Make(IReadOnlyList<IssuerSettings> issuers, TokenValidatorOptions options, TokenIssuer[] before) =>
    [
        .. issuers.Select(settings => new TokenIssuer(
            settings,
            settings.Location is not { } location ? null
                : RemotesOf(before).FirstOrDefault(remote => remote.Location == location) ?? new RemoteKeys(location, _givenHttp ?? _ownHttp.Value, _time, _log),
            options,
            _time)),
    ];

    private Task StartNewAsync(TokenIssuer[] before) =>
        Task.WhenAll(RemotesOf(_issuers).Except(RemotesOf(before)).Select(static remote => remote.Fetch()));
}

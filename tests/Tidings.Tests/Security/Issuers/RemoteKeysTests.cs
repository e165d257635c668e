using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using TestKit;
using Tidings.Security;
using Tidings.Security.Issuers;
using Tidings.Security.Tokens;
using Tidings.Testing;

namespace Tidings.Tests.Security.Issuers;

/// <summary>When keys are fetched, and what tokens are answered meanwhile.</summary>
public sealed class RemoteKeysTests : IDisposable
{
    private const string Authority = "https://issuer.example/tenant";
    private const string Discovery = Authority + "/.well-known/openid-configuration";
    private const string Keys = "https://keys.example/jwks";

    private readonly ManualTime _time = new();
    private readonly ScriptedHttp _http = new();
    private readonly JwtAuthenticator _authenticator;

    public RemoteKeysTests()
    {
        Publish(TokenForge.Rs256);
        _http.Documents[Discovery] = Document(Authority);
        _authenticator = new JwtAuthenticator([Settings(Authority)], new TokenValidatorOptions { RequireExpiration = false }, _time, NullLogger.Instance, _http);
    }

    public void Dispose() => _authenticator.Dispose();

    [Fact]
    public async Task Keys_are_found_by_discovery_and_check_the_issuers_tokens_alone()
    {
        await _authenticator.StartAsync();
        Assert.Equal("ada", Check(Token()).Identity?.Subject);
        Assert.Equal(TokenFailure.Issuer, Check(Token(issuer: Authority + "/")).Failure);
        Assert.Equal(TokenFailure.Audience, Check(Token(audience: "pull")).Failure);
        Assert.Equal(TokenFailure.Algorithm, Check(TokenForge.Sign("""{"alg":"HS256","kid":"rs"}""", Payload(Authority, "push"))).Failure);
        Assert.Equal(TokenFailure.Algorithm, Check(TokenForge.Sign("""{"alg":"PS256","kid":"rs"}""", Payload(Authority, "push"), TokenForge.Rs256)).Failure);
    }

    [Fact]
    public async Task Before_there_are_keys_everybody_is_told_to_come_back_and_the_timer_asks()
    {
        _http.Fault = "away";
        await _authenticator.StartAsync();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal((TokenFailure.NoKeys, true), (Check(Token()).Failure, Check(Token()).MayHoldLater));
        }

        Assert.Equal(1, _http.Asked);
        _http.Fault = null;
        _time.Advance(TimeSpan.FromSeconds(1));
        await HoldsAsync(() => Check(Token()).IsValid);
    }

    [Fact]
    public async Task An_unknown_key_id_is_fetched_at_once_and_told_to_come_back()
    {
        await _authenticator.StartAsync();
        var asked = _http.Asked;
        var (next, token) = Next();
        Publish(TokenForge.Rs256, next);
        Assert.Equal((TokenFailure.UnknownKey, true), (Check(token).Failure, Check(token).MayHoldLater));
        await HoldsAsync(() => Check(token).IsValid);
        Assert.Equal(asked + 2, _http.Asked);
    }

    [Fact]
    public async Task Ids_that_stay_unknown_cost_one_fetch_a_minute_however_many_come()
    {
        await _authenticator.StartAsync();
        var asked = _http.Asked;
        for (var minute = 1; minute <= 3; minute++)
        {
            Parallel.For(0, 2000, i => Assert.True(Check(Unknown($"{minute} {i}")).MayHoldLater));
            await HoldsAsync(() => _http.Asked == asked + (2 * minute));
            await Settled();
            Assert.True(Check(Token()).IsValid);
            _time.Advance(RemoteKeys.LeastBetween);
        }

        Assert.Equal(1, _http.MostAtOnce);
    }

    [Fact]
    public async Task A_signature_that_does_not_hold_asks_once_and_is_then_wrong()
    {
        await _authenticator.StartAsync();
        var asked = _http.Asked;
        _http.Gate = new TaskCompletionSource();
        var forged = TokenForge.Sign("""{"alg":"RS256","kid":"rs"}""", Payload(Authority, "push"), Next().Key);
        Assert.Equal((TokenFailure.Signature, true), (Check(forged).Failure, Check(forged).MayHoldLater));
        _http.Gate.SetResult();
        await HoldsAsync(() => !Check(forged).MayHoldLater);
        Assert.Equal((TokenFailure.Signature, asked + 2), (Check(forged).Failure, _http.Asked));
    }

    [Fact]
    public async Task While_the_issuer_is_away_known_keys_hold_and_are_asked_for_ever_more_rarely()
    {
        await _authenticator.StartAsync();
        _http.Fault = "away";
        var asked = _http.Asked;
        _time.Advance(RemoteKeys.Refreshed);
        await HoldsAsync(() => _http.Asked == asked + 1);
        for (var minute = 0; minute < 60; minute++)
        {
            await Settled();
            Assert.True(Check(Token()).IsValid);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        await Settled();
        Assert.InRange(_http.Asked - asked, 50, 75);
        _http.Fault = null;
        Publish(Next().Key);
        _time.Advance(TimeSpan.FromMinutes(1));
        await HoldsAsync(() => Check(Token()).Failure == TokenFailure.UnknownKey);
    }

    [Fact]
    public async Task A_set_that_is_refused_leaves_the_last_good_one()
    {
        await _authenticator.StartAsync();
        _http.Documents[Keys] = """{"keys":[{"kty":"oct","k":"AAAA"}]}""";
        Check(Unknown("x"));
        await Settled();
        Assert.True(Check(Token()).IsValid);
        Assert.Contains("shared secret", Assert.Single(_authenticator.Remotes).Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://other.example/tenant", Keys, "says that its issuer is")]
    [InlineData("https://issuer.example/{tenantid}/v2.0", Keys, "name one tenant")]
    [InlineData(Authority, "http://keys.example/jwks", "must be https://")]
    [InlineData(Authority, "http://127.0.0.1/jwks", "must be https://")]
    [InlineData(Authority, "file:///etc/passwd", "must be https://")]
    [InlineData(Authority, "/jwks", "must be https://")]
    public async Task A_discovery_document_that_speaks_for_others_is_refused(string issuer, string keys, string why)
    {
        _http.Documents[Discovery] = Document(issuer, keys);
        await _authenticator.StartAsync();
        Assert.Contains(why, Assert.Single(_authenticator.Remotes).Fault, StringComparison.Ordinal);
        Assert.True(Check(Token()).MayHoldLater);
    }

    [Fact]
    public async Task Two_issuers_may_have_keys_of_one_id_and_neither_speaks_for_the_other()
    {
        const string Second = "https://second.example";
        var (key, _) = Next("rs");
        _http.Documents[Second + "/.well-known/openid-configuration"] = Document(Second, Second + "/jwks");
        _http.Documents[Second + "/jwks"] = Set(key);
        using var both = new JwtAuthenticator([Settings(Authority), Settings(Second)], new TokenValidatorOptions { RequireExpiration = false }, _time, NullLogger.Instance, _http);
        await both.StartAsync();
        Assert.True(both.Check(Token()).IsValid);
        Assert.True(both.Check(Token(Second, key: key)).IsValid);
        Assert.Equal(TokenFailure.Signature, both.Check(Token(Authority, key: key)).Failure);
        Assert.Equal(TokenFailure.Signature, both.Check(Token(Second)).Failure);
        Assert.Equal(TokenFailure.Issuer, both.Check(Token("https://third.example")).Failure);
        Assert.Equal(TokenFailure.Issuer, both.Check("a.b.c").Failure);
    }

    [Fact]
    public async Task Keys_stay_in_force_when_other_options_change()
    {
        await _authenticator.StartAsync();
        _http.Fault = "away";
        _authenticator.Change([Settings(Authority, "pull")], new TokenValidatorOptions { RequireExpiration = false });
        Assert.True(Check(Token(audience: "pull")).IsValid);
        Assert.Equal(TokenFailure.Audience, Check(Token()).Failure);
    }

    private static Task HoldsAsync(Func<bool> condition) => Eventually.TrueAsync(condition, "what is expected of the keys");

    private TokenResult Check(string token) => _authenticator.Check(token);

    private Task Settled() => Assert.Single(_authenticator.Remotes).Settled;

    private void Publish(params TokenKey[] keys) => _http.Documents[Keys] = Set(keys);

    private static string Set(params TokenKey[] keys) => Jwk.Set([.. keys.Select(static key => (JsonNode)Jwk.Of(key == TokenForge.Rs256 ? TokenForge.Rsa : Made[key], key.Id))]);

    private static readonly Dictionary<TokenKey, System.Security.Cryptography.RSA> Made = [];

    private static (TokenKey Key, string Token) Next(string id = "next")
    {
        var rsa = System.Security.Cryptography.RSA.Create(2048);
        var key = TokenKey.FromPem(TokenAlgorithm.RS256, rsa.ExportPkcs8PrivateKeyPem(), id);
        lock (Made)
        {
            Made[key] = rsa;
        }

        return (key, Token(key: key));
    }

    private static string Unknown(string id) => TokenForge.Sign($$"""{"alg":"RS256","kid":"{{id}}"}""", Payload(Authority, "push"), TokenForge.Rs256);

    private static string Token(string issuer = Authority, string audience = "push", TokenKey? key = null) =>
        TokenForge.Sign($$"""{"alg":"RS256","kid":"{{(key ?? TokenForge.Rs256).Id}}"}""", Payload(issuer, audience), key ?? TokenForge.Rs256);

    private static string Payload(string issuer, string audience) => $$"""{"sub":"ada","iss":"{{issuer}}","aud":"{{audience}}"}""";

    private static string Document(string issuer, string keys = Keys) => $$"""{"issuer":"{{issuer}}","jwks_uri":"{{keys}}"}""";

    private static IssuerSettings Settings(string authority, string audience = "push") => new()
    {
        Location = new KeyLocation(authority, null, null),
        Mapping = new ClaimMapping { AudienceName = audience },
    };
}

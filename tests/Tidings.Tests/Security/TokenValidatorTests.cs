using System.Security.Cryptography;
using System.Text;
using Tidings.Security.Tokens;
using static Tidings.Tests.Security.TokenForge;

namespace Tidings.Tests.Security;

/// <summary>What is accepted, what comes of it, and where exactly the edges are.</summary>
public sealed class TokenValidatorTests
{
    private readonly TokenClock _clock = new();

    [Theory]
    [InlineData(TokenAlgorithm.HS256)]
    [InlineData(TokenAlgorithm.HS384)]
    [InlineData(TokenAlgorithm.HS512)]
    [InlineData(TokenAlgorithm.RS256)]
    [InlineData(TokenAlgorithm.RS384)]
    [InlineData(TokenAlgorithm.RS512)]
    [InlineData(TokenAlgorithm.ES256)]
    [InlineData(TokenAlgorithm.ES384)]
    [InlineData(TokenAlgorithm.ES512)]
    public void Written_token_is_read_back(TokenAlgorithm algorithm)
    {
        TokenKey key = NewKey(algorithm, "k1");
        var permissions = new TokenPermissions([new("chat:*", TokenActions.Subscribe | TokenActions.Publish), new("news:{x}", TokenActions.Presence | TokenActions.History), new("nothing", TokenActions.None)]);
        string token = new TokenWriter(key).Write(new TokenClaims
        {
            Subject = "zoë 😀",
            Name = "Zoë <b>",
            TokenId = "t-1",
            Issuer = "us",
            Audience = "push",
            IssuedAt = _clock.Now,
            NotBefore = _clock.Now,
            ExpiresAt = _clock.Now.AddHours(1),
            Permissions = permissions,
        });

        TokenResult result = new TokenValidator([key], "us", "push", _clock).Validate(token);

        Assert.True(result.IsValid, result.ToString());
        Assert.Equal(TokenFailure.None, result.Failure);
        Assert.Equal("zoë 😀", result.Identity.Subject);
        Assert.Equal("Zoë <b>", result.Identity.Name);
        Assert.Equal("t-1", result.Identity.TokenId);
        Assert.Equal(_clock.Now.AddHours(1), result.Identity.ExpiresAt);
        Assert.Equal(_clock.Now, result.Identity.IssuedAt);
        Assert.Equal(permissions, result.Identity.Permissions!);
        Assert.True(result.Identity.Payload.IsEmpty);
    }

    [Fact]
    public void Least_token_is_accepted_and_says_nothing_else()
    {
        TokenIdentity identity = Accept("""{"sub":"ada"}""");

        Assert.Equal("ada", identity.Subject);
        Assert.Null(identity.ExpiresAt);
        Assert.Null(identity.IssuedAt);
        Assert.Null(identity.TokenId);
        Assert.Null(identity.Name);
        Assert.Null(identity.Permissions);
        Assert.Empty(Accept("""{"sub":"ada","channels":{}}""").Permissions!);
    }

    [Fact]
    public void Expiry_is_exact_to_the_tick()
    {
        TokenValidator validator = new([Hs256], null, null, _clock);
        string whole = Sign(HsHeader, """{"sub":"ada","exp":1800000010}"""), half = Sign(HsHeader, """{"sub":"ada","exp":1800000010.5}""");
        DateTimeOffset end = DateTimeOffset.FromUnixTimeSeconds(1800000010);

        _clock.Now = end.AddTicks(-1);
        Assert.True(validator.Validate(whole).IsValid);
        _clock.Now = end;
        Assert.Equal(TokenFailure.Expired, validator.Validate(whole).Failure);
        Assert.Equal(end.AddSeconds(0.5), validator.Validate(half).Identity!.ExpiresAt);
        _clock.Now = end.AddSeconds(0.5);
        Assert.Equal(TokenFailure.Expired, validator.Validate(half).Failure);
    }

    [Theory]
    [InlineData("\"nbf\":1800000030")]
    [InlineData("\"nbf\":1800000030.0")]
    [InlineData("\"iat\":1800000030")]
    [InlineData("\"nbf\":0,\"iat\":0")]
    [InlineData("\"exp\":253402300799")]
    [InlineData("\"exp\":1.9e9")]
    [InlineData("\"exp\":1800000000.0000001")]
    public void Times_within_the_edges_are_accepted(string members) => Accept($"{{\"sub\":\"ada\",{members}}}");

    [Fact]
    public void Expiration_is_required_unless_the_options_say_otherwise()
    {
        TokenValidator validator = new([Hs256], null, null, _clock);
        Assert.Equal(TokenFailure.Expired, validator.Validate(Sign(HsHeader, """{"sub":"ada"}""")).Failure);
        Assert.True(validator.Validate(Sign(HsHeader, """{"sub":"ada","exp":1800000001}""")).IsValid);
        Assert.True(new TokenValidator([Hs256], null, null, _clock, Endless).Validate(Sign(HsHeader, """{"sub":"ada"}""")).IsValid);
    }

    [Theory]
    [InlineData("\"iat\":1800000000,\"exp\":1800003600", TokenFailure.None)]
    [InlineData("\"iat\":1800000000,\"exp\":1800003601", TokenFailure.Lifetime)]
    [InlineData("\"iat\":1799999999,\"exp\":1800003600", TokenFailure.Lifetime)]
    [InlineData("\"iat\":1800000030,\"exp\":1800003630", TokenFailure.None)]
    [InlineData("\"iat\":1800000031,\"exp\":1800003600", TokenFailure.NotYetValid)]
    [InlineData("\"exp\":1800003600", TokenFailure.None)]
    [InlineData("\"exp\":1800003601", TokenFailure.Lifetime)]
    [InlineData("\"exp\":253402300799", TokenFailure.Lifetime)]
    [InlineData("\"iat\":1800000000", TokenFailure.Lifetime)]
    public void A_token_may_hold_for_as_long_as_is_allowed_and_no_longer(string members, TokenFailure expected)
    {
        TokenValidator validator = new([Hs256], null, null, _clock, new TokenValidatorOptions { RequireExpiration = false, MaxLifetime = TimeSpan.FromHours(1) });
        Assert.Equal(expected, validator.Validate(Sign(HsHeader, $"{{\"sub\":\"ada\",{members}}}")).Failure);
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(0, 1, false)]
    [InlineData(120, 120, true)]
    [InlineData(120, 121, false)]
    public void The_clock_skew_is_what_the_options_say(int allowed, int ahead, bool accepted)
    {
        TokenValidator validator = new([Hs256], null, null, _clock, new TokenValidatorOptions { ClockSkew = TimeSpan.FromSeconds(allowed) });
        foreach (string claim in (string[])["iat", "nbf"])
        {
            string payload = $"{{\"sub\":\"ada\",\"exp\":1800003600,\"{claim}\":{1800000000 + ahead}}}";
            Assert.Equal(accepted ? TokenFailure.None : TokenFailure.NotYetValid, validator.Validate(Sign(HsHeader, payload)).Failure);
        }

        // What ends a connection at exp does not let it in again, however far clocks may be apart.
        Assert.Equal(TokenFailure.Expired, validator.Validate(Sign(HsHeader, """{"sub":"ada","exp":1800000000}""")).Failure);
    }

    [Fact]
    public void Times_that_cannot_be_are_refused_when_the_validator_is_made()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenValidator([Hs256], null, null, _clock, new TokenValidatorOptions { ClockSkew = TimeSpan.FromTicks(-1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenValidator([Hs256], null, null, _clock, new TokenValidatorOptions { MaxLifetime = TimeSpan.Zero }));
    }

    [Theory]
    [InlineData("\"us\"", "\"push\"", TokenFailure.None)]
    [InlineData("\"us\"", "[\"push\"]", TokenFailure.None)]
    [InlineData("\"us\"", "[\"other\",\"push\"]", TokenFailure.None)]
    [InlineData("\"us\"", "[\"push\",\"other\"]", TokenFailure.None)]
    [InlineData("\"us\"", "[\"one\",\"push\",\"other\"]", TokenFailure.None)]
    [InlineData("\"us\"", "[\"one\",\"other\"]", TokenFailure.Audience)]
    [InlineData("\"us\"", "[1,\"push\"]", TokenFailure.Audience)]
    [InlineData("\"us\"", "\"Push\"", TokenFailure.Audience)]
    [InlineData("\"us\"", "\"push \"", TokenFailure.Audience)]
    [InlineData("\"us\"", "\"pushx\"", TokenFailure.Audience)]
    [InlineData("\"us\"", "[]", TokenFailure.Audience)]
    [InlineData("\"us\"", "[[\"push\"]]", TokenFailure.Audience)]
    [InlineData("\"us\"", "[\"push\",1]", TokenFailure.Audience)]
    [InlineData("\"us\"", "[\"other\"]", TokenFailure.Audience)]
    [InlineData("\"us\"", "null", TokenFailure.Audience)]
    [InlineData("\"us\"", "{\"push\":true}", TokenFailure.Audience)]
    [InlineData("\"Us\"", "\"push\"", TokenFailure.Issuer)]
    [InlineData("\"us/\"", "\"push\"", TokenFailure.Issuer)]
    [InlineData("[\"us\"]", "\"push\"", TokenFailure.Issuer)]
    [InlineData("null", "\"push\"", TokenFailure.Issuer)]
    public void Issuer_and_audience_are_exact(string issuer, string audience, TokenFailure expected)
    {
        TokenValidator validator = new([Hs256], "us", "push", _clock, Endless);
        Assert.Equal(expected, validator.Validate(Sign(HsHeader, $$"""{"sub":"ada","iss":{{issuer}},"aud":{{audience}}}""")).Failure);
        Assert.Equal(TokenFailure.Issuer, validator.Validate(Sign(HsHeader, """{"sub":"ada","aud":"push"}""")).Failure);
        Assert.Equal(TokenFailure.Audience, validator.Validate(Sign(HsHeader, """{"sub":"ada","iss":"us"}""")).Failure);
    }

    [Fact]
    public void Without_a_configured_issuer_a_token_may_name_any_and_must_name_it_as_text()
    {
        TokenValidator validator = new([Hs256], null, null, _clock, Endless);
        Assert.True(validator.Validate(Sign(HsHeader, """{"sub":"ada","iss":"anybody"}""")).IsValid);
        Assert.True(validator.Validate(Sign(HsHeader, """{"sub":"ada"}""")).IsValid);
        Assert.Equal(TokenFailure.Issuer, validator.Validate(Sign(HsHeader, """{"sub":"ada","iss":1}""")).Failure);
    }

    [Theory]
    [InlineData("""{"alg":"HS256"}""")]
    [InlineData("""{"alg":"\u0048S256","typ":"jwt"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"HS256","kid":"\u0068s"}""")]
    [InlineData("""{"typ":"application/at+JWT","alg":"HS256","x5t":"AAAA","cty":"json","x":[[[[[[[1]]]]]]]}""")]
    [InlineData("""{"alg":"HS256","ünïcode":"☃","ALG":"none","Kid":"x"}""")]
    [InlineData("\r\n {\t\"alg\" : \"HS256\" } ")]
    public void Header_may_have_what_is_not_asked_for(string header) =>
        Assert.True(Validator(Hs256).Validate(Sign(header, Payload)).IsValid);

    [Fact]
    public void Key_id_chooses_one_key_and_without_it_each_of_the_algorithm_is_tried()
    {
        TokenKey old = TokenKey.FromSecret(TokenAlgorithm.HS256, "the secret of the year that is gone", "old"), unnamed = TokenKey.FromSecret(TokenAlgorithm.HS256, "the secret that never had any name");
        TokenValidator validator = Validator(Rs256, old, unnamed, Hs256);

        foreach (TokenKey key in (TokenKey[])[old, unnamed, Hs256])
        {
            Assert.True(validator.Validate(Sign("""{"alg":"HS256"}""", Payload, key)).IsValid);
        }

        Assert.True(validator.Validate(Sign("""{"alg":"HS256","kid":"old"}""", Payload, old)).IsValid);
        Assert.Equal(TokenFailure.Signature, validator.Validate(Sign("""{"alg":"HS256","kid":"old"}""", Payload, Hs256)).Failure);
        Assert.Equal(TokenFailure.UnknownKey, Validator(unnamed).Validate(Sign("""{"alg":"HS256","kid":"any"}""", Payload, unnamed)).Failure);
    }

    [Fact]
    public void Without_key_id_at_most_four_keys_are_tried()
    {
        TokenKey[] keys = [.. Enumerable.Range(0, 5).Select(i => NewKey(TokenAlgorithm.HS256, $"k{i}"))];

        Assert.True(Validator(keys[..4]).Validate(Sign("""{"alg":"HS256"}""", Payload, keys[3])).IsValid);
        Assert.Equal(TokenFailure.UnknownKey, Validator(keys).Validate(Sign("""{"alg":"HS256"}""", Payload, keys[3])).Failure);
        Assert.True(Validator(keys).Validate(Sign("""{"alg":"HS256","kid":"k4"}""", Payload, keys[4])).IsValid);
    }

    [Fact]
    public void Channels_become_patterns_and_actions()
    {
        TokenPermissions permissions = Accept("""{"sub":"ada","channels":{"chat:*":["subscribe","publish","presence","history"],"news:{x}":["subscribe","subscribe"],"né":[]}}""").Permissions!;

        Assert.Equal([new("chat:*", (TokenActions)15), new("news:{x}", TokenActions.Subscribe), new("né", TokenActions.None)], permissions);
        Assert.Equal(64, Accept($"{{\"sub\":\"ada\",\"channels\":{{{string.Join(',', Enumerable.Range(0, 64).Select(i => $"\"c{i}\":[\"publish\"]"))}}}}}").Permissions!.Count);
    }

    [Theory]
    [InlineData(",\"send\":true", true)]
    [InlineData(",\"send\":false", false)]
    [InlineData("", null)]
    public void Whether_its_bearer_may_send_stands_in_the_token(string member, bool? expected)
    {
        Assert.Equal(expected, Accept($"{{\"sub\":\"ada\"{member}}}").Send);
        string written = new TokenWriter(Hs256).Write(new TokenClaims { Subject = "ada", ExpiresAt = _clock.Now.AddHours(1), Send = expected });
        Assert.Equal(expected, new TokenValidator([Hs256], null, null, _clock).Validate(written).Identity!.Send);
    }

    [Fact]
    public void Bounds_are_reached_and_not_passed()
    {
        Accept($"{{\"sub\":\"{new string('é', 128)}\",\"jti\":\"{new string('j', 128)}\",\"channels\":{{\"{new string('c', 255)}\":[]}}}}");
        Accept($"{{\"sub\":\"ada\",\"x\":{new string('[', 15)}{new string(']', 15)}}}");

        string header = """{"alg":"HS256"}""";
        int room = 8192 - Sign(header, "{\"sub\":\"ada\",\"x\":\"\"}").Length;
        string payload = $"{{\"sub\":\"ada\",\"x\":\"{new string('a', room * 3 / 4)}\"}}";
        Assert.InRange(Sign(header, payload).Length, 8190, 8192);
        Assert.True(Validator(Hs256).Validate(Sign(header, payload)).IsValid);
    }

    [Fact]
    public void Payload_is_kept_only_where_asked_for()
    {
        TokenValidator validator = new([Hs256], null, null, _clock, new TokenValidatorOptions { KeepPayload = true });
        Assert.Equal(Encoding.UTF8.GetBytes(Payload), validator.Validate(Sign(HsHeader, Payload)).Identity!.Payload.ToArray());
        Assert.True(Accept(Payload).Payload.IsEmpty);
    }

    [Fact]
    public void Writer_refuses_what_a_validator_would_refuse()
    {
        var writer = new TokenWriter(Hs256);
        Assert.Throws<ArgumentException>(() => writer.Write(new TokenClaims { Subject = "" }));
        Assert.Throws<ArgumentException>(() => writer.Write(new TokenClaims { Subject = "a\nb" }));
        Assert.Throws<ArgumentException>(() => writer.Write(new TokenClaims { Subject = "ada", TokenId = new string('x', 129) }));
        Assert.Throws<ArgumentException>(() => writer.Write(new TokenClaims { Subject = "ada", Audience = new string('x', 8192) }));
        Assert.Throws<ArgumentException>(() => new TokenPermissions([new("a b", TokenActions.Publish)]));
        Assert.Throws<ArgumentException>(() => new TokenPermissions([new("a", TokenActions.Publish), new("a", TokenActions.History)]));
        Assert.Throws<ArgumentException>(() => new TokenPermissions([new("a", (TokenActions)16)]));
        Assert.Throws<ArgumentException>(() => new TokenPermissions(Enumerable.Range(0, 65).Select(i => new TokenPermission($"c{i}", TokenActions.Publish))));
    }

    [Fact]
    public void Payload_signed_as_it_is_reaches_the_validator()
    {
        TokenResult result = Validator(Hs256).Validate(new TokenWriter(Hs256).Sign("""{"sub":"ada","role":"editor"}"""u8));
        Assert.Equal("ada", result.Identity!.Subject);
    }

    [Theory]
    [InlineData(TokenAlgorithm.HS256)]
    [InlineData(TokenAlgorithm.RS256)]
    [InlineData(TokenAlgorithm.ES256)]
    public void Many_threads_share_one_validator(TokenAlgorithm algorithm)
    {
        TokenKey key = NewKey(algorithm, "k");
        TokenValidator validator = Validator(key);
        var writer = new TokenWriter(key);
        Parallel.For(0, 2000, i =>
        {
            string token = writer.Write(new TokenClaims { Subject = $"u{i}" });
            Assert.Equal($"u{i}", validator.Validate(token).Identity!.Subject);
            Assert.False(validator.Validate(token[..^4] + "AAAA").IsValid);
        });
    }

    private TokenIdentity Accept(string payload)
    {
        TokenResult result = new TokenValidator([Hs256], null, null, _clock, Endless).Validate(Sign(HsHeader, payload));
        Assert.True(result.IsValid, result.ToString());
        return result.Identity;
    }

    private static TokenKey NewKey(TokenAlgorithm algorithm, string id) => algorithm switch
    {
        TokenAlgorithm.HS256 or TokenAlgorithm.HS384 or TokenAlgorithm.HS512 => TokenKey.FromSecret(algorithm, RandomNumberGenerator.GetBytes(64), id),
        TokenAlgorithm.ES256 => TokenKey.FromPem(algorithm, TokenHeaderAttacks.NewEc(ECCurve.NamedCurves.nistP256), id),
        TokenAlgorithm.ES384 => TokenKey.FromPem(algorithm, TokenHeaderAttacks.NewEc(ECCurve.NamedCurves.nistP384), id),
        TokenAlgorithm.ES512 => TokenKey.FromPem(algorithm, TokenHeaderAttacks.NewEc(ECCurve.NamedCurves.nistP521), id),
        _ => TokenKey.FromPem(algorithm, TokenHeaderAttacks.NewRsa(), id),
    };
}

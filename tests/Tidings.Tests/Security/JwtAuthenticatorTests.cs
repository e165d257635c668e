using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Security;
using Tidings.Security.Identities;
using Tidings.Security.Issuers;
using Tidings.Security.Tokens;

namespace Tidings.Tests.Security;

/// <summary>What the options say of keys is what tokens are checked with, until they say something else.</summary>
public sealed class JwtAuthenticatorTests
{
    private const string Old = "the secret that was there at first";
    private const string New = "the secret that took its place later";

    private readonly TokenClock _clock = new();

    [Fact]
    public void Without_a_key_there_is_nobody_who_checks() => Assert.Empty(JwtIssuers.Read(new JwtOptions(), [], out _));

    [Fact]
    public void Keys_are_those_of_the_options_and_others_once_they_change()
    {
        using var authenticator = Of(new JwtOptions { Secret = Old });
        Assert.Equal("ada", authenticator.Check(Token(Old)).Identity?.Subject);
        Assert.Equal(TokenFailure.Signature, authenticator.Check(Token(New)).Failure);
        authenticator.Change(IssuersOf(new JwtOptions { Secret = New }), new TokenValidatorOptions());
        Assert.Equal("ada", authenticator.Check(Token(New)).Identity?.Subject);
        Assert.Equal(TokenFailure.Signature, authenticator.Check(Token(Old)).Failure);
    }

    [Fact]
    public void Issuer_audience_and_lifetimes_are_those_of_the_options()
    {
        using var authenticator = Of(new JwtOptions { Secret = Old, Issuer = "us", Audience = "push", MaxLifetime = TimeSpan.FromHours(2) });
        Assert.True(authenticator.Check(Token(Old, issuer: "us", audience: "push")).IsValid);
        Assert.Equal(TokenFailure.Issuer, authenticator.Check(Token(Old, issuer: "them", audience: "push")).Failure);
        Assert.Equal(TokenFailure.Audience, authenticator.Check(Token(Old, issuer: "us", audience: "pull")).Failure);
        Assert.False(authenticator.Check(Token(Old, issuer: "us", audience: "push", hours: 3)).IsValid);
    }

    [Fact]
    public void Faults_name_the_option_and_no_parameter_of_ours()
    {
        var options = new JwtOptions { Secret = "short" };
        options.Keys.Add(new JwtKeyOptions { Algorithm = TokenAlgorithm.HS256 });
        options.Keys.Add(new JwtKeyOptions { Algorithm = TokenAlgorithm.ES256, PemFile = "/nowhere/key.pem" });
        options.Keys.Add(new JwtKeyOptions { Algorithm = TokenAlgorithm.HS256, Secret = Old, Id = "twice" });
        options.Keys.Add(new JwtKeyOptions { Algorithm = TokenAlgorithm.HS256, Secret = New, Id = "twice" });
        Assert.Equal(2, JwtKeys.Read(options, out var faults).Count);
        Assert.Equal(4, faults.Count);
        Assert.StartsWith("Tidings:Jwt:Secret: ", faults[0], StringComparison.Ordinal);
        Assert.StartsWith("Tidings:Jwt:Keys:0 needs Secret", faults[1], StringComparison.Ordinal);
        Assert.Equal("Tidings:Jwt:Keys:1: PemFile must be a file that the server can read.", faults[2]);
        Assert.Equal("Tidings:Jwt has two keys of the id \"twice\".", faults[3]);
        Assert.All(faults, static fault => Assert.DoesNotContain("(Parameter", fault, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(64, 0)]
    [InlineData(65, 1)]
    public void There_are_64_keys_at_most(int keys, int faulty)
    {
        var options = new JwtOptions();
        for (var i = 0; i < keys; i++)
        {
            options.Keys.Add(new JwtKeyOptions { Algorithm = TokenAlgorithm.HS256, Secret = Old, Id = $"{i}" });
        }

        JwtKeys.Read(options, out var faults);
        Assert.Equal(faulty, faults.Count);
    }

    private JwtAuthenticator Of(JwtOptions options) => new(IssuersOf(options), options.Validation(), _clock, NullLogger.Instance);

    private static IReadOnlyList<IssuerSettings> IssuersOf(JwtOptions options)
    {
        var issuers = JwtIssuers.Read(options, [], out var faults);
        Assert.Empty(faults);
        return issuers;
    }

    private string Token(string secret, string? issuer = null, string? audience = null, int hours = 1) =>
        new TokenWriter(TokenKey.FromSecret(TokenAlgorithm.HS256, secret)).Write(
            new TokenClaims { Subject = "ada", Issuer = issuer, Audience = audience, IssuedAt = _clock.Now, ExpiresAt = _clock.Now.AddHours(hours) });
}

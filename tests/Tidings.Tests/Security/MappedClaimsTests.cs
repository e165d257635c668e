using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Security;
using Tidings.Security.Identities;
using Tidings.Security.Issuers;
using Tidings.Security.Tokens;
using static Tidings.Tests.Security.TokenForge;

namespace Tidings.Tests.Security;

/// <summary>What claims mean where the options say so, and that nothing of it opens more than was meant.</summary>
public sealed class MappedClaimsTests
{
    [Theory]
    [InlineData("sub", """{"sub":"ada"}""", "ada")]
    [InlineData("user_id", """{"sub":"x","user_id":"ada"}""", "ada")]
    [InlineData("user_id", """{"sub":"ada"}""", null)]
    [InlineData("user_id", """{"sub":"ada","user_id":7}""", null)]
    [InlineData("user.id", """{"user":{"id":"ada"}}""", "ada")]
    [InlineData("user.id", """{"user.id":"ada","user":{"id":"eve"}}""", "ada")]
    [InlineData("user.id", """{"user":["id"]}""", null)]
    [InlineData("https://example.com/id", """{"https://example.com/id":"ada"}""", "ada")]
    [InlineData("email", """{"email":"ada@example.com","email_verified":true}""", "ada@example.com")]
    [InlineData("email", """{"email":"ada@example.com","email_verified":false}""", null)]
    [InlineData("email", """{"email":"ada@example.com","email_verified":"true"}""", null)]
    [InlineData("email", """{"email":"ada@example.com"}""", null)]
    public void The_user_is_the_claim_that_was_named(string claim, string payload, string? user)
    {
        var result = Check(payload, new ClaimMapping { User = new ClaimPath(claim) });
        Assert.Equal(user, result.Identity?.Subject);
        Assert.Equal(user is null ? TokenFailure.Subject : TokenFailure.None, result.Failure);
    }

    [Fact]
    public void A_prefix_keeps_users_of_issuers_apart()
    {
        Assert.Equal("google:ada", Check("""{"sub":"ada"}""", new ClaimMapping { UserPrefix = "google:" }).Identity!.Subject);
        Assert.Equal(TokenFailure.Subject, Check($$"""{"sub":"{{new string('a', 125)}}"}""", new ClaimMapping { UserPrefix = "google:" }).Failure);
    }

    [Theory]
    [InlineData("""{"sub":"a","client_id":"app"}""", TokenFailure.None)]
    [InlineData("""{"sub":"a","client_id":["x","app"]}""", TokenFailure.None)]
    [InlineData("""{"sub":"a","client_id":"other"}""", TokenFailure.Audience)]
    [InlineData("""{"sub":"a","aud":"app"}""", TokenFailure.Audience)]
    [InlineData("""{"sub":"a"}""", TokenFailure.Audience)]
    public void The_audience_is_the_claim_that_was_named(string payload, TokenFailure expected) =>
        Assert.Equal(expected, Check(payload, new ClaimMapping { Audience = new ClaimPath("client_id"), AudienceName = "app" }).Failure);

    [Theory]
    [InlineData("""{"sub":"a","roles":["reader","editor","x"]}""", "articles:* Subscribe, Publish|news Subscribe")]
    [InlineData("""{"sub":"a","roles":"reader"}""", "news Subscribe")]
    [InlineData("""{"sub":"a","roles":"reader editor"}""", "articles:* Subscribe, Publish|news Subscribe")]
    [InlineData("""{"sub":"a","roles":"Reader"}""", "")]
    [InlineData("""{"sub":"a","roles":{"reader":true}}""", "")]
    [InlineData("""{"sub":"a","roles":[["reader"]]}""", "")]
    [InlineData("""{"sub":"a"}""", "")]
    [InlineData("""{"sub":"a","roles":["reader"],"channels":{"news":["history"],"own":["publish"]}}""", "news Subscribe, History|own Publish")]
    public void Roles_grant_what_the_table_says_and_nobody_without_one_is_granted_anything(string payload, string expected)
    {
        var mapping = new ClaimMapping
        {
            Roles = new ClaimPath("roles"),
            RoleChannels = new Dictionary<string, IReadOnlyList<TokenPermission>>
            {
                ["reader"] = [new("news", TokenActions.Subscribe)],
                ["editor"] = [new("articles:*", TokenActions.Subscribe | TokenActions.Publish)],
            },
        };
        var permissions = Check(payload, mapping).Identity!.Permissions;
        Assert.Equal(expected, string.Join('|', permissions!.Select(static one => $"{one.Pattern} {one.Actions}").Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("""{"sub":"a","channel":"orders:1"}""", "orders:1", TokenFailure.None)]
    [InlineData("""{"sub":"a","channel":null}""", null, TokenFailure.Claims)]
    [InlineData("""{"sub":"a","channel":""}""", null, TokenFailure.Claims)]
    [InlineData("""{"sub":"a","channel":["orders:1"]}""", null, TokenFailure.Claims)]
    [InlineData("""{"sub":"a","channel":7}""", null, TokenFailure.Claims)]
    [InlineData("""{"sub":"a","channel":"a","channel":"b"}""", null, TokenFailure.Claims)]
    public void A_token_of_one_subscription_is_no_connection_s_and_the_other_way_round(string payload, string? channel, TokenFailure expected)
    {
        var validator = Validator(Hs256);
        var token = Sign(HsHeader, payload);
        Assert.False(validator.Validate(token).IsValid);
        Assert.Equal((expected, channel), (validator.ValidateSubscription(token).Failure, validator.ValidateSubscription(token).Identity?.Channel));
        Assert.Equal(expected == TokenFailure.None ? TokenFailure.Purpose : expected, validator.Validate(token).Failure);
        Assert.Equal(TokenFailure.Purpose, validator.ValidateSubscription(Sign(HsHeader, Payload)).Failure);
    }

    [Fact]
    public void Info_is_kept_on_one_line_and_bounded()
    {
        Assert.Equal("""{"name":"Zo\u00EB"}""", Encoding.UTF8.GetString(Check("{\"sub\":\"a\",\"info\":{\n  \"name\": \"Zoë\"\r\n}}").Identity!.Info.Span));
        Assert.True(Check("""{"sub":"a"}""").Identity!.Info.IsEmpty);
        Assert.Equal(TokenFailure.Claims, Check($$"""{"sub":"a","info":"{{new string('x', 4095)}}"}""").Failure);
        Assert.True(Check($$"""{"sub":"a","info":"{{new string('x', 4094)}}"}""").IsValid);
    }

    [Fact]
    public void Claims_are_kept_where_a_rule_asks_for_them()
    {
        var claims = Check("""{"sub":"a","team":["red","blue",7,true,null,{}],"org":{"unit":"x"},"other":"y"}""", new ClaimMapping { Kept = [new("team"), new("org.unit"), new("absent")] }).Identity!.Claims!;
        Assert.Equal(["org.unit", "team"], claims.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["red", "blue", "7", "true"], claims["team"]);
        Assert.Null(Check("""{"sub":"a","team":"red"}""").Identity!.Claims);
    }

    [Theory]
    [InlineData("orders:1", true)]
    [InlineData("users:1", false)]
    public async Task A_channel_token_grants_nothing_beside_what_its_issuer_may_name(string channel, bool granted)
    {
        var settings = new IssuerSettings { Keys = [Hs256], Mapping = new ClaimMapping { Within = ["orders:*"] } };
        using var tokens = new JwtAuthenticator([settings], Endless, new TokenClock(), NullLogger.Instance);
        var authenticator = new Authenticator(tokens, new Revocations(new TokenClock()), new TokenClock());
        var judged = await authenticator.IdentifySubscriptionAsync(Sign(HsHeader, $$"""{"sub":"ada","iat":1800000000,"channel":"{{channel}}"}"""), channel, "ada");
        Assert.Equal(granted, judged.Identity is not null);
        var connection = await authenticator.IdentifyAsync(Sign(HsHeader, """{"sub":"ada","iat":1800000000,"channels":{"*":["subscribe"]}}"""));
        Assert.Equal(granted, connection.Identity!.Grants!.Allow(channel, TokenActions.Subscribe));
        Assert.False(connection.Identity.Grants.Allow("orders:1", TokenActions.Publish));
    }

    private static TokenResult Check(string payload, ClaimMapping? mapping = null) =>
        new TokenValidator(new TokenKeySet([Hs256]), mapping ?? new ClaimMapping(), new TokenClock(), Endless).Check(Sign(HsHeader, payload));
}

using System.Text.Json;
using System.Text.Json.Nodes;
using TestKit;
using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Tokens;

/// <summary>Tokens that <c>tidings token</c> makes, and what it says of others.</summary>
public sealed class TokenTests
{
    private const string Secret = "a secret of the tests, 32 bytes or more";

    [Fact]
    public async Task A_token_has_an_end_unless_it_is_told_otherwise_and_inspecting_says_so()
    {
        var inspected = await InspectAsync(await CreateAsync());
        Assert.Equal(3600, inspected.GetProperty("payload").GetProperty("exp").GetInt64() - inspected.GetProperty("payload").GetProperty("iat").GetInt64());
        Assert.Equal("valid", inspected.GetProperty("check").GetString());
        Assert.False(inspected.GetProperty("payload").TryGetProperty("send", out _));
        var endless = await CreateAsync("--expires", "never");
        inspected = await InspectAsync(endless);
        Assert.Equal(("refused", "it has expired, or has no exp where one is required"), (inspected.GetProperty("check").GetString(), inspected.GetProperty("reason").GetString()));
        Assert.Equal("valid", (await InspectAsync(endless, ("Tidings__Jwt__RequireExpiration", "false"))).GetProperty("check").GetString());
    }

    [Fact]
    public async Task A_lifetime_that_is_too_long_for_the_server_is_told()
    {
        var token = await CreateAsync("--expires", "2h");
        Assert.Equal("it holds longer than Tidings:Jwt:MaxLifetime", (await InspectAsync(token, ("Tidings__Jwt__MaxLifetime", "1h"))).GetProperty("reason").GetString());
        Assert.Equal("valid", (await InspectAsync(token, ("Tidings__Jwt__MaxLifetime", "2h"))).GetProperty("check").GetString());
    }

    [Theory]
    [InlineData("good", "valid", "a connection with it is \"ada\"'s")]
    [InlineData("subscription", "valid", "it grants one subscription, to \"orders:1\"")]
    [InlineData("audience", "refused", "its aud is \"others\"; accepted is \"push\"")]
    [InlineData("issuer", "refused", "its iss is \"https://other.example\"; accepted is \"http://127.0.0.1:")]
    [InlineData("key", "refused", "its alg is \"RS256\", its kid \"gone\"")]
    [InlineData("expired", "refused", "this machine's clock says")]
    [InlineData("away", "refused", "/.well-known/openid-configuration answered 503")]
    public async Task Inspecting_says_what_a_live_issuer_s_keys_make_of_a_token_and_why(string what, string check, string detail)
    {
        await using var provider = await OpenIdProvider.StartAsync();
        var token = what switch
        {
            "subscription" => provider.Token("ada", "push", ("channel", "orders:1")),
            "audience" => provider.Token("ada", "others"),
            "issuer" => provider.Token("ada", "push", ("iss", "https://other.example")),
            "key" => provider.Sign(new JsonObject { ["sub"] = "ada" }, keyId: "gone"),
            "expired" => provider.Token("ada", "push", ("exp", 1_000)),
            _ => provider.Token("ada", "push"),
        };
        provider.IsAway = what == "away";
        await using var tool = Tool.Start(["token", "inspect", token, "--jwt-authority", provider.Issuer, "--jwt-audience", "push", "--json"]);
        var inspected = JsonDocument.Parse((await tool.EndAsync()).Text).RootElement;
        Assert.Equal(check, inspected.GetProperty("check").GetString());
        Assert.Contains(inspected.GetProperty("details").EnumerateArray(), said => said.GetString()!.Contains(detail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_token_of_one_subscription_can_be_made() =>
        Assert.Equal("orders:1", (await InspectAsync(await CreateAsync("--subscription", "orders:1"))).GetProperty("payload").GetProperty("channel").GetString());

    [Theory]
    [InlineData("orders:*", "the name of one channel")]
    [InlineData("a b", "the name of one channel")]
    [InlineData("user:eve", "of such channels a user has user:")]
    public async Task One_that_no_server_would_take_is_not_made(string channel, string why) =>
        (await Tool.RunAsync(["token", "create", "--user", "ada", "--jwt-secret", Secret, "--subscription", channel])).Fails(2, why);

    [Theory]
    [InlineData(true, "--send")]
    [InlineData(true, "--send", "true")]
    [InlineData(false, "--send", "false")]
    public async Task It_says_whether_its_bearer_may_send(bool expected, params string[] options) =>
        Assert.Equal(expected, (await InspectAsync(await CreateAsync(options))).GetProperty("payload").GetProperty("send").GetBoolean());

    private static async Task<string> CreateAsync(params string[] options) =>
        (await Tool.RunAsync(["token", "create", "--user", "ada", "--jwt-secret", Secret, .. options])).Succeeds().Text.Trim();

    private static async Task<JsonElement> InspectAsync(string token, params (string Name, string Value)[] environment)
    {
        await using var tool = Tool.Start(["token", "inspect", token, "--jwt-secret", Secret, "--json"], environment);
        return JsonDocument.Parse((await tool.EndAsync()).Text).RootElement;
    }
}

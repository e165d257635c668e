using System.Text.Json;
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

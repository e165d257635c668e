using System.Security.Claims;

namespace Tidings.AspNetCore.Api.Tests.Handlers;

/// <summary>Policies of ASP.NET Core's authorization decide about channels.</summary>
public sealed class PolicyTests
{
    [Fact]
    public async Task A_policy_is_asked_about_the_user_and_the_channel()
    {
        await using var app = await StartAsync(tidings => tidings.MapChannel("team:{name}").AllowSubscribe("member").AllowPublish("member"));
        await using var ann = await app.ConnectAsync("red-ann");
        await ann.AskAsync("""{"type":"publish","channel":"team:red","data":1}""", "published");
        await ann.SubscribeAsync("team:red");
        foreach (var command in new[] { "subscribe", "publish", "history" })
        {
            Assert.Equal(("not_allowed", "Not allowed"), await ann.RefusedAsync($$"""{"type":"{{command}}","channel":"team:blue","data":1}"""));
        }
    }

    [Fact]
    public async Task Handlers_are_asked_after_it_in_whatever_order_they_were_named()
    {
        await using var app = await StartAsync(tidings => tidings.MapChannel("team:{name}")
            .OnPublish(static (int data) => data < 0 ? PublishResult.Refuse("too_small") : PublishResult.Drop)
            .AllowPublish("member"));
        await using var ann = await app.ConnectAsync("red-ann");
        Assert.Equal(("not_allowed", "too_small"), await ann.RefusedAsync("""{"type":"publish","channel":"team:red","data":-1}"""));
        Assert.Equal(("not_allowed", "Not allowed"), await ann.RefusedAsync("""{"type":"publish","channel":"team:blue","data":-1}"""));
    }

    [Fact]
    public async Task Without_authorization_the_mapping_fails() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => TestApp.StartAsync(static tidings => tidings.MapChannel("a").AllowSubscribe("member")));

    private static Task<TestApp> StartAsync(Action<TidingsBuilder> map) => TestApp.StartAsync(map, services: static services => services.AddAuthorization(static options =>
        options.AddPolicy("member", static policy => policy.RequireAssertion(static context =>
            context.Resource is string channel && context.User.FindFirstValue(ClaimTypes.NameIdentifier) is { } user && user.StartsWith(channel["team:".Length..], StringComparison.Ordinal)))));
}

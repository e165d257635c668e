using Microsoft.AspNetCore.Mvc.Testing;

namespace Tidings_Web.Tests;

/// <summary>The channel, without a port or a browser: what one client says the other hears.</summary>
public sealed class ChatTests
{
    [Fact]
    public async Task What_one_says_the_other_hears()
    {
        await using var app = new WebApplicationFactory<Program>();
        await using var ann = await app.ConnectTidingsAsync();
        await using var bob = await app.ConnectTidingsAsync();
        await ann.SubscribeAsync("chat:lobby");
        await bob.PublishAsync("chat:lobby", new NewLine(" Hello "));
        var message = await ann.ExpectMessageAsync("chat:lobby");
        Assert.Equal("Hello", message.Read<Line>()!.Text);
    }

    [Fact]
    public async Task What_is_too_long_is_refused()
    {
        await using var app = new WebApplicationFactory<Program>();
        await using var ann = await app.ConnectTidingsAsync();
        var refused = await Assert.ThrowsAsync<TestCommandException>(() => ann.PublishAsync("chat:lobby", new NewLine(new string('x', 501))));
        Assert.Equal("bad_request", refused.Code);
    }
}

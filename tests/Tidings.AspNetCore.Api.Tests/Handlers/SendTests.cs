using System.Security.Claims;

namespace Tidings.AspNetCore.Api.Tests.Handlers;

/// <summary>What an application's code and policies decide about direct messages of clients.</summary>
public sealed class SendTests
{
    [Fact]
    public async Task Without_any_of_it_clients_send_nothing()
    {
        await using var app = await TestApp.StartAsync();
        await using var ann = await app.ConnectAsync("ann");
        Assert.Equal(("not_allowed", "Not allowed"), await ann.RefusedAsync("""{"type":"send","to":"ann","data":1}"""));
    }

    [Fact]
    public async Task Those_send_who_are_allowed_to()
    {
        await using var app = await TestApp.StartAsync(static tidings => tidings.AllowSend(ChannelAccess.Users));
        await using var ann = await app.ConnectAsync("ann");
        await using var bob = await app.ConnectAsync("bob");
        await using var nobody = await app.ConnectAsync();
        await ann.AskAsync("""{"type":"send","to":"bob","data":1}""", "sent");
        Assert.Equal("""{"type":"direct","from":"ann","data":1}""", await bob.ReceiveAsync());
        Assert.Equal(("not_allowed", "Not allowed"), await nobody.RefusedAsync("""{"type":"send","to":"bob","data":1}"""));
    }

    [Fact]
    public async Task A_policy_is_asked_about_the_sender_and_the_receiver()
    {
        await using var app = await TestApp.StartAsync(
            static tidings => tidings.AllowSend("friend"),
            services: static services => services.AddAuthorization(static options => options.AddPolicy("friend", static policy => policy.RequireAssertion(static context =>
                context.Resource is string to && to == "friend-of-" + context.User.FindFirstValue(ClaimTypes.NameIdentifier)))));
        await using var ann = await app.ConnectAsync("ann");
        await using var friend = await app.ConnectAsync("friend-of-ann");
        await ann.AskAsync("""{"type":"send","to":"friend-of-ann","data":1}""", "sent");
        await friend.ExpectAsync("direct");
        Assert.Equal(("not_allowed", "Not allowed"), await ann.RefusedAsync("""{"type":"send","to":"bob","data":1}"""));
    }

    [Fact]
    public async Task A_handler_sees_the_receiver_and_passes_changes_drops_or_refuses()
    {
        await using var app = await TestApp.StartAsync(static tidings => tidings.MapSend(static (string to, ChannelCaller caller, int data) => data switch
        {
            0 => PublishResult.Drop,
            < 0 => PublishResult.Refuse($"{caller.User} must not say {data} to {to} ({caller.Channel})"),
            > 100 => PublishResult.Replace(100),
            _ => PublishResult.Accept,
        }));
        await using var ann = await app.ConnectAsync("ann");
        await using var bob = await app.ConnectAsync("a:bob");
        await using var nobody = await app.ConnectAsync();
        Assert.Equal(("not_allowed", "ann must not say -1 to a:bob (a:bob)"), await ann.RefusedAsync("""{"type":"send","to":"a:bob","data":-1}"""));
        await ann.AskAsync("""{"type":"send","to":"a:bob","data":0}""", "sent");
        await ann.AskAsync("""{"type":"send","to":"a:bob","data":500}""", "sent");
        Assert.Equal("""{"type":"direct","from":"ann","data":100}""", await bob.ReceiveAsync());
        await nobody.AskAsync("""{"type":"send","to":"a:bob","data":5}""", "sent");
        Assert.Equal($$"""{"type":"direct","connection":"{{nobody.Id}}","data":5}""", await bob.ReceiveAsync());
        Assert.Equal("bad_request", (await ann.RefusedAsync("""{"type":"send","to":"a:bob","data":"x"}""")).Code);
        await bob.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_may_send_is_asked_before_the_handler_in_whatever_order_they_are_named(bool first)
    {
        var asked = 0;
        await using var app = await TestApp.StartAsync(tidings =>
        {
            if (first)
            {
                tidings.AllowSend(ChannelAccess.Users);
            }

            tidings.MapSend((int data) => { asked++; });
            if (!first)
            {
                tidings.AllowSend(ChannelAccess.Users);
            }
        });
        await using var nobody = await app.ConnectAsync();
        await using var ann = await app.ConnectAsync("ann");
        Assert.Equal(("not_allowed", "Not allowed"), await nobody.RefusedAsync("""{"type":"send","to":"ann","data":1}"""));
        Assert.Equal(0, asked);
        await ann.AskAsync("""{"type":"send","to":"x","data":1}""", "sent");
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Without_authorization_the_mapping_fails() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => TestApp.StartAsync(static tidings => tidings.AllowSend("member")));
}

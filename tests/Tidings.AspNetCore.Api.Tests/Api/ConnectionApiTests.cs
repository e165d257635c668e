namespace Tidings.AspNetCore.Api.Tests.Api;

public sealed class ConnectionApiTests
{
    [Fact]
    public async Task Everybody_is_subscribed_to_all_and_users_to_their_own_channel()
    {
        await using var app = await TestApp.StartAsync();
        await app.OkAsync("broadcast", "{\"data\":0}");
        await using var anna = await app.ConnectAsync("anna");
        await using var anonymous = await app.ConnectAsync();
        Assert.Equal("anna", anna.Connected.GetProperty("user").GetString());
        var subscriptions = anna.Connected.GetProperty("subscriptions").EnumerateArray().ToList();
        Assert.Equal(["all", "user:anna"], subscriptions.Select(subscription => subscription.GetProperty("channel").GetString()!));
        Assert.Equal(1, subscriptions[0].GetProperty("offset").GetInt64());
        Assert.Equal(["all"], anonymous.Connected.GetProperty("subscriptions").EnumerateArray().Select(subscription => subscription.GetProperty("channel").GetString()!));

        Assert.Equal(2, (await app.OkAsync("broadcast", "{\"data\":\"hello\"}")).GetProperty("offset").GetInt64());
        await app.OkAsync("publish", """{"channel":"user:anna","data":"for you"}""");
        Assert.Equal("hello", (await anonymous.ExpectAsync("message")).GetProperty("data").GetString());
        Assert.Equal("hello", (await anna.ExpectAsync("message")).GetProperty("data").GetString());
        Assert.Equal("user:anna", (await anna.ExpectAsync("message")).GetProperty("channel").GetString());
        await anonymous.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_broadcast_leaves_out_whom_it_names_and_is_not_kept()
    {
        await using var app = await TestApp.StartAsync();
        await using var anna = await app.ConnectAsync("anna");
        await using var ben = await app.ConnectAsync("ben");
        await using var guest = await app.ConnectAsync();
        var answer = await app.OkAsync("broadcast", $$"""{"data":1,"except":["anna","{{guest.Id}}"]}""");
        Assert.False(answer.TryGetProperty("offset", out _));
        Assert.False((await ben.ExpectAsync("message")).TryGetProperty("offset", out _));
        await anna.ExpectNothingAsync();
        await guest.ExpectNothingAsync();
        Assert.Empty((await app.Tidings.HistoryAsync("all")).Messages);
    }

    [Fact]
    public async Task Send_reaches_all_connections_of_a_user_or_one_or_a_client()
    {
        await using var app = await TestApp.StartAsync();
        await using var first = await app.ConnectAsync("anna");
        await using var second = await app.ConnectAsync("anna");
        Assert.Equal(2, (await app.OkAsync("send", """{"user":"anna","data":{"x":1}}""")).GetProperty("delivered").GetInt32());
        Assert.Equal(1, (await first.ExpectAsync("direct")).GetProperty("data").GetProperty("x").GetInt32());
        await second.ExpectAsync("direct");
        Assert.Equal(1, (await app.OkAsync("send", $$"""{"connection":"{{second.Id}}","data":2}""")).GetProperty("delivered").GetInt32());
        await second.ExpectAsync("direct");
        await first.ExpectNothingAsync();
        Assert.Equal(0, (await app.OkAsync("send", $$"""{"user":"{{second.Id}}","data":2}""")).GetProperty("delivered").GetInt32());

        await using var device = await RawWebSocket.ConnectAsync(app.Url.Port, "/ws/clients/device");
        Assert.Equal(1, (await app.OkAsync("send", """{"client":"device","data":{"on":true}}""")).GetProperty("delivered").GetInt32());
        await device.ExpectTextAsync("""{"on":true}""");
        await app.ProblemAsync("send", """{"user":"a","client":"b","data":1}""", 400, "bad_request");
        await app.ProblemAsync("send", """{"data":1}""", 400, "bad_request");
        await app.ProblemAsync("send", """{"user":"a"}""", 400, "bad_request");
    }

    [Fact]
    public async Task The_server_subscribes_and_unsubscribes_and_tells_so()
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("secret").AllowSubscribe(ChannelAccess.Server));
        await using var anna = await app.ConnectAsync("anna");
        await using var other = await app.ConnectAsync("anna");
        Assert.Equal(("not_allowed", "Not allowed"), await anna.RefusedAsync("""{"type":"subscribe","channel":"secret"}"""));
        await app.OkAsync("publish", """{"channel":"secret","data":1}""");
        Assert.Equal(2, (await app.OkAsync("subscribe", """{"user":"anna","channel":"secret"}""")).GetProperty("connections").GetInt32());
        var subscribed = await anna.ExpectAsync("subscribed");
        Assert.Equal(("secret", 1), (subscribed.GetProperty("channel").GetString()!, subscribed.GetProperty("offset").GetInt32()));
        await other.ExpectAsync("subscribed");
        Assert.Equal(0, (await app.OkAsync("subscribe", $$"""{"connection":"{{anna.Id}}","channel":"secret"}""")).GetProperty("connections").GetInt32());
        await app.OkAsync("publish", """{"channel":"secret","data":2}""");
        Assert.Equal(2, (await anna.ExpectAsync("message")).GetProperty("offset").GetInt32());

        Assert.Equal(1, (await app.OkAsync("unsubscribe", $$"""{"connection":"{{anna.Id}}","channel":"secret"}""")).GetProperty("connections").GetInt32());
        Assert.Equal("not_allowed", (await anna.ExpectAsync("unsubscribed")).GetProperty("code").GetString());
        await app.OkAsync("publish", """{"channel":"secret","data":3}""");
        await anna.ExpectNothingAsync();
        await app.ProblemAsync("subscribe", """{"user":"anna","channel":"a b"}""", 400, "bad_request");
        await app.ProblemAsync("subscribe", """{"channel":"a"}""", 400, "bad_request");
        await app.ProblemAsync("unsubscribe", """{"user":"a","connection":"b","channel":"a"}""", 400, "bad_request");
    }

    [Fact]
    public async Task What_the_server_subscribed_counts_against_no_limit()
    {
        await using var app = await TestApp.StartAsync(options: options => options.Limits.Subscriptions = 1);
        await using var client = await app.ConnectAsync("anna");
        await client.SubscribeAsync("a");
        Assert.Equal("too_many", (await client.RefusedAsync("""{"type":"subscribe","channel":"b"}""")).Code);
        await app.OkAsync("subscribe", """{"user":"anna","channel":"b"}""");
        await client.ExpectAsync("subscribed");
    }

    [Fact]
    public async Task Disconnected_clients_are_told_code_and_reason()
    {
        await using var app = await TestApp.StartAsync();
        await using var first = await app.ConnectAsync("anna");
        await using var second = await app.ConnectAsync("anna");
        await app.OkAsync("disconnect", $$"""{"connection":"{{first.Id}}"}""");
        await first.Socket.ExpectCloseAsync(4010, "Disconnected by server");
        Assert.Equal(1, (await app.OkAsync("disconnect", """{"user":"anna","code":4242,"reason":"gone"}""")).GetProperty("connections").GetInt32());
        await second.Socket.ExpectCloseAsync(4242, "gone");
        await app.ProblemAsync("disconnect", """{"user":"anna","code":1006}""", 400, "bad_request");
        await app.ProblemAsync("disconnect", """{"user":"anna","code":70000}""", 400, "bad_request");
        await app.ProblemAsync("disconnect", $$"""{"user":"anna","reason":"{{new string('x', 124)}}"}""", 400, "bad_request");
        await app.ProblemAsync("disconnect", """{"user":"anna","tokenId":"t"}""", 400, "bad_request");
        await using var third = await app.ConnectAsync("anna");
        await app.ProblemAsync("disconnect", $$"""{"connection":"{{third.Id}}","revoke":true}""", 409, "conflict");
        await app.ProblemAsync("disconnect", "{}", 400, "bad_request");
    }

    [Theory]
    [InlineData("~me")]
    [InlineData("a%00b")]
    [InlineData("a%0ab")]
    public async Task Ids_that_could_be_taken_for_others_do_not_get_in(string user)
    {
        await using var app = await TestApp.StartAsync();
        await using var socket = await RawWebSocket.ConnectAsync(app.Url.Port, "/connect?as=" + user);
        await socket.ExpectCloseAsync(4003, "Forbidden");
    }
}

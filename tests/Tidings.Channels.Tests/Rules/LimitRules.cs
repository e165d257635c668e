using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Rules;

/// <summary>Sizes, rates and numbers on /connect, with the answers of the channel protocol.</summary>
public abstract class LimitRules(string pump) : ServerTests(pump)
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Publishing_has_a_bucket_and_subscribing_one_of_its_own()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var client = await ChannelClient.ConnectAsync(server);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("published", ChannelClient.Text(await client.AskAsync("""{"type":"publish","channel":"chat:a","data":1}"""), "type"));
        }

        await client.ExpectErrorAsync("""{"type":"publish","channel":"chat:a","data":1}""", "rate_limited", "Rate limit exceeded");
        await client.ExpectErrorAsync("""{"type":"send","to":"x","data":1}""", "rate_limited", "Rate limit exceeded");
        await client.ExpectErrorAsync("""{"type":"call","method":"x"}""", "rate_limited", "Rate limit exceeded");

        // Who has thirty channels comes back with all of them, at once.
        for (var i = 0; i < 30; i++)
        {
            await client.SubscribeAsync($"chat:{i}");
        }

        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal("published", ChannelClient.Text(await client.AskAsync("""{"type":"publish","channel":"chat:zz","data":1}"""), "type"));
    }

    [Fact]
    public async Task One_address_fills_the_histories_with_its_own_and_another_s_stays()
    {
        await using var server = await StartAsync(("Tidings:Limits:HistoryBytes", "2MB"), ("Tidings:Limits:MessageBurst", "1000"));
        await using var visitor = await ChannelClient.ConnectAsync(server, new RawOptions { From = "127.0.0.2" });
        await visitor.AskAsync("""{"type":"publish","channel":"chat:visitor","data":"kept","idempotencyKey":"a"}""");
        await using var attacker = await ChannelClient.ConnectAsync(server);
        var data = new string('x', 60_000);
        for (var i = 0; i < 120; i++)
        {
            Assert.Equal("published", ChannelClient.Text(await attacker.AskAsync($$"""{"type":"publish","channel":"chat:{{i / 3}}","data":"{{data}}"}"""), "type"));
        }

        var kept = await visitor.AskAsync("""{"type":"history","channel":"chat:visitor"}""");
        Assert.Equal(1, kept.GetProperty("messages").GetArrayLength());
        var left = 0;
        for (var i = 0; i < 40; i++)
        {
            left += (await visitor.AskAsync($$"""{"type":"history","channel":"chat:{{i}}"}""")).GetProperty("messages").GetArrayLength();
        }

        Assert.InRange(left, 20, 2 * 1024 * 1024 / data.Length);
    }

    [Fact]
    public async Task A_refusal_says_after_how_many_milliseconds_to_come_back()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:MessagesPerSecond", "5"), ("Tidings:Limits:MessageBurst", "1"));
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.AskAsync("""{"type":"publish","channel":"chat:a","data":1}""");
        await client.Socket.SendTextAsync("""{"type":"publish","id":7,"channel":"chat:a","data":1}""");
        await client.ExpectAsync("""{"type":"error","id":7,"code":"rate_limited","error":"Rate limit exceeded","retryAfter":200}""");
        _time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal("published", ChannelClient.Text(await client.AskAsync("""{"type":"publish","channel":"chat:a","data":1}"""), "type"));
    }

    [Fact]
    public async Task A_channel_takes_so_many_messages_of_all_its_clients()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:MessagesPerSecondPerChannel", "2"));
        await using var one = await ChannelClient.ConnectAsync(server);
        await using var two = await ChannelClient.ConnectAsync(server);
        foreach (var client in new[] { one, two })
        {
            Assert.Equal("published", ChannelClient.Text(await client.AskAsync("""{"type":"publish","channel":"chat:a","data":1}"""), "type"));
        }

        await two.Socket.SendTextAsync("""{"type":"publish","channel":"chat:a","data":1}""");
        await two.ExpectAsync("""{"type":"error","code":"rate_limited","error":"Rate limit exceeded","retryAfter":500,"limit":"channel"}""");
        Assert.Equal("published", ChannelClient.Text(await two.AskAsync("""{"type":"publish","channel":"chat:b","data":1}"""), "type"));

        // What may not be published anyway costs the channel nothing.
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await one.ExpectErrorAsync("""{"type":"publish","channel":"news","data":1}""", "not_allowed", "Not allowed");
        Assert.Equal("published", ChannelClient.Text(await one.AskAsync("""{"type":"publish","channel":"chat:a","data":1}"""), "type"));
    }

    [Fact]
    public async Task Who_goes_on_publishing_past_100_refusals_is_closed()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SendAsync(Enumerable.Repeat("""{"type":"publish","channel":"chat:a","data":1}""", 111));
        await client.Socket.ExpectCloseInTheEndAsync(1008, "Rate limit exceeded");
    }

    [Fact]
    public async Task Subscribing_reading_and_listing_share_a_bucket()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "default"), ("Tidings:Limits:Subscriptions", "0"));
        await using var client = await ChannelClient.ConnectAsync(server);
        for (var i = 0; i < 1000; i++)
        {
            await client.AskAsync("""{"type":"history","channel":"chat:a"}""");
        }

        foreach (var command in new[] { "history", "presence", "subscribe", "unsubscribe" })
        {
            await client.ExpectErrorAsync($$"""{"type":"{{command}}","channel":"chat:a"}""", "rate_limited", "Rate limit exceeded");
        }

        _time.Advance(TimeSpan.FromMilliseconds(20));
        await client.SubscribeAsync("chat:a");
    }

    [Fact]
    public async Task A_connection_has_so_many_subscriptions_and_no_more()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var client = await ChannelClient.ConnectAsync(server);
        for (var i = 0; i < 100; i++)
        {
            await client.SubscribeAsync($"chat:{i}");
        }

        await client.ExpectErrorAsync("""{"type":"subscribe","channel":"chat:x"}""", "too_many", "Too many subscriptions");
        await client.AskAsync("""{"type":"unsubscribe","channel":"chat:5"}""");
        await client.SubscribeAsync("chat:x");
    }

    [Fact]
    public async Task Too_large_is_an_answer_and_far_too_large_the_end()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.ExpectErrorAsync($$"""{"type":"publish","channel":"chat:a","data":"{{new string('x', 10_240)}}"}""", "too_large", "Message too large");
        await client.Socket.Tcp.TrySendAsync(RawFrame.OfText(new string('x', 70_000)).ToBytes());
        await client.Socket.ExpectCloseInTheEndAsync(1009, "Message too large");
    }

    [Fact]
    public async Task Messages_that_are_too_large_count_and_past_the_rate_are_refused_as_others_are()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var client = await ChannelClient.ConnectAsync(server);
        var large = new string(' ', 10_241);
        for (var i = 0; i < 10; i++)
        {
            await client.ExpectErrorAsync(large, "too_large", "Message too large");
        }

        await client.ExpectErrorAsync(large, "rate_limited", "Rate limit exceeded");
    }

    [Fact]
    public async Task Bad_json_is_answered_and_the_21st_in_a_row_ends_it()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync("{nope");
            await client.ExpectAsync("""{"type":"error","code":"bad_request","error":"Invalid JSON format"}""");
        }

        await client.ExpectNothingAsync();
        await client.SendAsync(Enumerable.Repeat("""{"type":"nonsense"}""", 21));
        for (var i = 0; i < 21; i++)
        {
            await client.ExpectAsync("""{"type":"error","code":"bad_request","error":"Invalid message format","details":[{"field":"type","message":"is no command"}]}""");
        }

        await client.Socket.ExpectCloseAsync(1003, "Invalid message");
    }

    [Fact]
    public async Task A_binary_frame_is_no_command()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.Socket.SendBinaryAsync([1, 2, 3]);
        await client.Socket.ExpectCloseAsync(1003, "Invalid message");
    }

    [Fact]
    public async Task Faults_are_named_field_by_field()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"publish","channel":"a b","key":5,"id":8}""");
        await client.ExpectAsync("""{"type":"error","id":8,"code":"bad_request","error":"Invalid message format","details":[{"field":"channel","message":"is no channel name"},{"field":"key","message":"must be a string"},{"field":"data","message":"is missing"}]}""");
        await client.SendAsync("""{"type":"subscribe","channel":"a","since":{"epoch":5,"offset":{"x":1}},"id":9}""");
        await client.ExpectAsync("""{"type":"error","id":9,"code":"bad_request","error":"Invalid message format","details":[{"field":"since","message":"must be a string"}]}""");
    }
}

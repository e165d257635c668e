using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class RoomRules(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task What_one_says_everybody_in_the_room_hears_the_speaker_too()
    {
        await using var server = await StartAsync();
        await using var ann = await server.ConnectAsync("/ws/lobby");
        await using var bob = await server.ConnectAsync("/ws/lobby");
        await using var elsewhere = await server.ConnectAsync("/ws/garden");
        await ann.SendTextAsync("hello");
        await ann.ExpectTextAsync("[lobby] hello");
        await bob.ExpectTextAsync("[lobby] hello");
        await elsewhere.SendTextAsync("nobody else");
        await elsewhere.ExpectTextAsync("[garden] nobody else");
        await bob.SendTextAsync("good day");
        await ann.ExpectTextAsync("[lobby] good day");
        await bob.ExpectTextAsync("[lobby] good day");
    }

    [Theory]
    [InlineData("<b>hi</b> 中文", "&lt;b&gt;hi&lt;/b&gt; 中文")]
    [InlineData("&<>\"'", "&amp;&lt;&gt;&quot;&#x27;")]
    [InlineData("&amp;", "&amp;amp;")]
    [InlineData("`=/\u00a0é\u2028", "`=/\u00a0é\u2028")]
    [InlineData("👩‍👩‍👧‍👦 🇩🇪 مرحبا שלום 你好 ไทย हिन्दी", "👩‍👩‍👧‍👦 🇩🇪 مرحبا שלום 你好 ไทย हिन्दी")]
    [InlineData("line\nline\ttab\0nul", "line\nline\ttab\0nul")]
    [InlineData("", "")]
    [InlineData("""{"message":"<i>"}""", "{&quot;message&quot;:&quot;&lt;i&gt;&quot;}")]
    public async Task Five_characters_are_escaped_and_nothing_else_is_touched(string said, string heard)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendTextAsync(said);
        await socket.ExpectTextAsync("[lobby] " + heard);
    }

    [Fact]
    public async Task Everybody_hears_all_messages_of_a_room_in_one_order()
    {
        const int Speakers = 4;
        const int Each = 200;
        await using var server = await StartAsync();
        var sockets = await Task.WhenAll(Enumerable.Range(0, Speakers).Select(_ => server.ConnectAsync("/ws/lobby")));
        var speaking = sockets.Select((socket, s) => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                await socket.SendTextAsync($"{s}:{i}");
            }
        })).ToList();
        var hearing = sockets.Select(async socket =>
        {
            var heard = new List<string>();
            while (heard.Count < Speakers * Each)
            {
                heard.Add(await socket.ReceiveTextAsync());
            }

            return heard;
        });
        var all = await Task.WhenAll(hearing.ToList());
        await Task.WhenAll(speaking);
        Assert.All(all, heard => Assert.Equal(all[0], heard));
        for (var s = 0; s < Speakers; s++)
        {
            Assert.Equal(Enumerable.Range(0, Each).Select(i => $"[lobby] {s}:{i}"), all[0].Where(text => text.StartsWith($"[lobby] {s}:", StringComparison.Ordinal)));
        }

        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData("lobby", "lobby")]
    [InlineData("a_b.c:d-e@f0", "a_b.c:d-e@f0")]
    [InlineData("%E4%B8%AD%E6%96%87", "中文")]
    [InlineData("caf%C3%A9", "café")]
    [InlineData("%D7%A9%D7%9C%D7%95%D7%9D", "שלום")]
    [InlineData("l%6Fbby", "lobby")]
    public async Task A_room_is_named_by_letters_and_digits_of_any_language(string path, string room)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/" + path);
        await socket.SendTextAsync("x");
        await socket.ExpectTextAsync($"[{room}] x");
    }

    [Fact]
    public async Task A_rooms_name_has_at_most_250_bytes()
    {
        await using var server = await StartAsync();
        var longest = new string('a', 250);
        await using var socket = await server.ConnectAsync("/ws/" + longest);
        await socket.SendTextAsync("x");
        await socket.ExpectTextAsync($"[{longest}] x");
        Assert.Equal(400, (await server.HandshakeAsync("/ws/" + longest + "a")).Status);
        Assert.Equal(400, (await server.HandshakeAsync("/ws/" + string.Concat(Enumerable.Repeat("%E4%B8%AD", 84)))).Status);
    }

    [Theory]
    [InlineData("a%20b")]
    [InlineData("a%2Fb")]
    [InlineData("%3Cb%3E")]
    [InlineData("a!")]
    [InlineData("a%00")]
    [InlineData("cafe%CC%81")]
    [InlineData("%F0%9F%98%80")]
    [InlineData("%E2%80%AE")]
    [InlineData("%FF")]
    [InlineData("%7Broom%7D")]
    [InlineData("a,b")]
    public async Task Other_names_are_refused_before_the_upgrade(string path)
    {
        await using var server = await StartAsync();
        var response = await server.HandshakeAsync("/ws/" + path);
        Assert.Equal(400, response.Status);
        Assert.Equal(0, server.Registry.Count);
    }

    [Fact]
    public async Task Nothing_of_a_room_stays_when_its_last_member_has_left()
    {
        await using var server = await StartAsync();
        await using (var socket = await server.ConnectAsync("/ws/lobby"))
        {
            await socket.SendTextAsync("x");
            await socket.ExpectTextAsync("[lobby] x");
            Assert.Equal(1, server.Hub.CountMembers("room:lobby"));
        }

        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_binary_message_ends_the_connection_before_it_has_come()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendAsync(new RawFrame(RawFrame.BinaryOpcode, []) { ClaimedLength = 100_000_000 });
        await socket.ExpectCloseAsync(1003, "Invalid message");
        await socket.ExpectEofAsync();
    }
}

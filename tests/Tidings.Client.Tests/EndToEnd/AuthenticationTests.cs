using TestKit;
using Tidings.EndToEnd.Tests.Security;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>Tokens against the real server, on every transport.</summary>
public sealed class AuthenticationTests
{
    private static readonly TokenMaker Tokens = new(TimeProvider.System);

    public static TheoryData<ClientTransport> All => TransportTests.All;

    // A poll is told by its refusal that the token has expired, and one that follows within five seconds would be final.
    [Theory]
    [InlineData(ClientTransport.WebSocket, 2, 4)]
    [InlineData(ClientTransport.ServerSentEvents, 2, 4)]
    [InlineData(ClientTransport.LongPolling, 6, 2)]
    public async Task A_client_whose_tokens_live_for_seconds_stays_and_misses_nothing(ClientTransport transport, int seconds, int times)
    {
        await using var world = await ClientServer.StartAsync(TokenMaker.Settings, TokenMaker.Required);
        var asked = 0;
        var client = world.Client(new TidingsClientOptions
        {
            Transports = [transport],
            Token = _ =>
            {
                asked++;
                return ValueTask.FromResult<string?>(Tokens.Make("ann", seconds));
            },
        });
        await using var room = client.Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        var published = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                await world.PublishAsync("chat:lobby", published + 1, ++published);
                return asked >= times;
            },
            () => $"Tokens were asked for {asked} times",
            TimeSpan.FromSeconds(30));
        await reader.ExpectAsync(published);
        await client.PublishAsync("chat:lobby", published + 1);
        await reader.ExpectAsync(published + 1);
        Assert.Equal("ann", reader.Told.OfType<ChannelMessage>().Last().From);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_token_that_is_never_good_is_asked_for_twice_and_the_client_stays_away(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync(TokenMaker.Settings, TokenMaker.Required);
        var asked = 0;
        var client = world.Client(new TidingsClientOptions
        {
            Transports = [transport],
            Token = _ =>
            {
                asked++;
                return ValueTask.FromResult<string?>("no.such.token");
            },
        });
        var refused = await Assert.ThrowsAsync<TidingsDisconnectedException>(() => client.ConnectAsync().WaitAsync(Eventually.Limit));
        Assert.Equal(4001, refused.Reason.Code);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task A_users_own_channel_and_direct_messages_reach_him()
    {
        await using var world = await ClientServer.StartAsync(TokenMaker.Settings, TokenMaker.Required);
        var ann = world.Client(new TidingsClientOptions { Token = static _ => ValueTask.FromResult<string?>(Tokens.Make("ann")) });
        var bob = world.Client(new TidingsClientOptions { Token = static _ => ValueTask.FromResult<string?>(Tokens.Make("bob")) });
        var direct = new TaskCompletionSource<DirectMessage>();
        var own = new TaskCompletionSource<ChannelEvent>();
        ann.DirectReceived += direct.SetResult;
        ann.ServerChannelTold += own.SetResult;
        await ann.ConnectAsync();
        Assert.Equal("ann", ann.User);
        Assert.Null(await bob.SendAsync("ann", 5));
        Assert.Equal("bob", (await direct.Task.WaitAsync(Eventually.Limit)).From);
        await world.PublishAsync("user:ann", 7, 7);
        Assert.Equal("user:ann", (await own.Task.WaitAsync(Eventually.Limit)).Channel);
    }
}

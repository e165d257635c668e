using TestKit;
using Tidings.EndToEnd.Tests.Security;
using Tidings.Protocol;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>Subscriptions by a token of their own, on every transport.</summary>
public sealed class ChannelTokenTests
{
    private static readonly TokenMaker Tokens = new(TimeProvider.System);

    public static TheoryData<ClientTransport> All => TransportTests.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task One_whose_tokens_live_for_seconds_stays_and_misses_nothing(ClientTransport transport)
    {
        await using var world = await StartAsync();
        var client = Connect(world, transport);
        var asked = 0;
        await using var orders = client.Subscribe("orders:1", new SubscribeOptions
        {
            Token = (channel, _) =>
            {
                Interlocked.Increment(ref asked);
                return ValueTask.FromResult<string?>(Tokens.MakeSubscription("ann", channel, 6));
            },
        });
        var reader = new Reader(orders);
        await orders.WaitAsync().WaitAsync(Eventually.Limit);
        var published = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                await world.PublishAsync("orders:1", published + 1, ++published);
                return Volatile.Read(ref asked) >= 2;
            },
            () => $"Tokens were asked for {asked} times",
            TimeSpan.FromSeconds(40));
        await reader.ExpectAsync(published);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task One_whose_key_is_not_known_yet_begins_as_soon_as_it_is(ClientTransport transport)
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var world = await ClientServer.StartAsync(
            ("Tidings:Jwt:Authority", provider.Issuer), ("Tidings:Jwt:Audience", "push"), ("Tidings:Channels:1:Pattern", "orders:*"), ("Tidings:Channels:1:Subscribe", "server"));
        var client = world.Client(new TidingsClientOptions { Transports = [transport], Token = _ => ValueTask.FromResult<string?>(provider.Token("ann", "push")) });
        await client.ConnectAsync();
        provider.Rotate(keep: true);
        await using var orders = client.Subscribe("orders:1", new SubscribeOptions { Token = (channel, _) => ValueTask.FromResult<string?>(provider.Token("ann", "push", ("channel", channel))) });
        var reader = new Reader(orders);
        var published = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                await world.PublishAsync("orders:1", ++published, published);
                return reader.Told.OfType<ChannelMessage>().Any();
            },
            () => "a message comes",
            TimeSpan.FromSeconds(40));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task One_that_is_not_accepted_or_not_to_be_had_ends_its_subscription(ClientTransport transport)
    {
        await using var world = await StartAsync();
        var client = Connect(world, transport);
        foreach (var token in new[] { Tokens.MakeSubscription("bob", "orders:1"), Tokens.Make("ann"), null })
        {
            await using var orders = client.Subscribe("orders:1", new SubscribeOptions { Token = (_, _) => ValueTask.FromResult(token) });
            var refused = await Assert.ThrowsAsync<TidingsException>(async () =>
            {
                await foreach (var told in orders)
                {
                    Assert.IsNotType<ChannelMessage>(told);
                }
            }).WaitAsync(Eventually.Limit);
            Assert.Equal(ErrorCode.Unauthorized, refused.Code);
        }
    }

    private static Task<ClientServer> StartAsync() => ClientServer.StartAsync(TokenMaker.Settings, TokenMaker.Required, ("Tidings:Channels:1:Pattern", "orders:*"), ("Tidings:Channels:1:Subscribe", "server"));

    private static TidingsClient Connect(ClientServer world, ClientTransport transport) =>
        world.Client(new TidingsClientOptions { Transports = [transport], Token = static _ => ValueTask.FromResult<string?>(Tokens.Make("ann")) });
}

using System.Text;
using TestKit;
using Tidings.Protocol;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>What a client says of itself is seen by others, over every transport and after each absence.</summary>
public sealed class MemberTests
{
    private static readonly (string, string?)[] Board =
        [("Tidings:Channels:1:Pattern", "board:*"), ("Tidings:Channels:1:Presence", "true"), ("Tidings:Channels:1:PresenceInfo", "true"), ("Tidings:Channels:1:PresenceGrace", "0")];

    public static TheoryData<ClientTransport> All => [ClientTransport.WebSocket, ClientTransport.ServerSentEvents, ClientTransport.LongPolling];

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_a_client_says_of_itself_is_seen_by_others(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync([.. Board, ("Tidings:Channels:1:PresenceGrace", "3s")]);
        await using var watched = world.Client().Subscribe("board:1", new SubscribeOptions { Presence = true });
        await watched.WaitAsync();
        var changes = new List<ChannelMembersChange>();
        watched.Members.Changed += changes.Add;
        await using var room = world.Client(new TidingsClientOptions { Transports = [transport] }).Subscribe("board:1", new SubscribeOptions { Presence = true, Info = "\"here\""u8.ToArray() });
        await ShownAsync(watched, "\"here\"");
        if (transport != ClientTransport.LongPolling)
        {
            // Each poll of somebody anonymous is another member: what one shows of itself, others see.
            await ShownAsync(room, "\"here\"");
        }

        await room.WaitAsync();
        await room.TrackAsync(new string('x', 4000));
        if (transport != ClientTransport.LongPolling)
        {
            await ShownAsync(watched, $"\"{new string('x', 4000)}\"");
        }

        await room.TrackAsync("typing");
        await ShownAsync(watched, "\"typing\"");
        await room.DisposeAsync();
        await Eventually.EqualAsync(1, () => watched.Members.Total, "members");
        if (transport == ClientTransport.WebSocket)
        {
            // Each stream and each poll of somebody anonymous is another member.
            Assert.Equal(1, changes.Sum(static change => change.Joined.Count));
            Assert.Equal("\"typing\"", Encoding.UTF8.GetString(Assert.Single(changes.SelectMany(static change => change.Left)).Info.Span));
        }
    }

    [Fact]
    public async Task What_was_said_last_is_said_again_after_an_absence()
    {
        await using var world = await ClientServer.StartAsync(Board);
        var client = world.Client();
        await using var room = client.Subscribe("board:1", new SubscribeOptions { Presence = true });
        await room.WaitAsync();
        await room.TrackJsonAsync("[1]"u8.ToArray());
        await ShownAsync(room, "[1]");
        await world.Proxy.StopListeningAsync();
        world.Proxy.CutAll();
        await Eventually.TrueAsync(() => client.State != ClientState.Connected, "it is away");
        await room.TrackJsonAsync("[2]"u8.ToArray());
        world.Proxy.Listen();
        await ShownAsync(room, "[2]");
        Assert.Equal("[2]", Encoding.UTF8.GetString((await room.PresenceAsync()).Members.Single().Info.Span));
        await room.TrackJsonAsync(default);
        await ShownAsync(room, "");
    }

    [Theory]
    [InlineData(ClientTransport.WebSocket)]
    [InlineData(ClientTransport.ServerSentEvents)]
    public async Task How_many_subscribe_is_told_to_who_asks(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        await using var room = world.Client(new TidingsClientOptions { Transports = [transport] }).Subscribe("chat:a", new SubscribeOptions { Occupancy = true });
        var reader = new Reader(room);
        await room.WaitAsync();
        await using var other = world.Client().Subscribe("chat:a");
        await Eventually.TrueAsync(() => reader.Told.OfType<ChannelOccupancy>().LastOrDefault()?.Subscribers == 2, "two subscribe");
        await other.DisposeAsync();
        await Eventually.TrueAsync(() => reader.Told.OfType<ChannelOccupancy>().LastOrDefault()?.Subscribers == 1, "one subscribes");
    }

    [Fact]
    public async Task Where_it_is_not_allowed_the_caller_is_told()
    {
        await using var world = await ClientServer.StartAsync();
        await using var room = world.Client().Subscribe("chat:a");
        await room.WaitAsync();
        Assert.Equal(ErrorCode.NotAllowed, (await Assert.ThrowsAsync<TidingsException>(() => room.TrackAsync(1))).Code);
        await Assert.ThrowsAnyAsync<System.Text.Json.JsonException>(() => room.TrackJsonAsync("{"u8.ToArray()));
    }

    private static Task ShownAsync(ChannelSubscription room, string info) => Eventually.TrueAsync(
        () => room.Members.Any(member => Encoding.UTF8.GetString(member.Info.Span) == info), $"{(info.Length > 20 ? "much" : info)} is shown");
}

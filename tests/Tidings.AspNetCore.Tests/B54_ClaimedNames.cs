using Tidings.AspNetCore.Tests.Endpoints;

namespace Tidings.AspNetCore.Tests;

/// <summary>Clients by name who claim what is another's: by nobody, and by a user whose id is the beginning of another one.</summary>
public abstract class B54_ClaimedNames(HostKind host)
{
    public sealed class InMemory() : B54_ClaimedNames(HostKind.Memory);

    public sealed class OverStreams() : B54_ClaimedNames(HostKind.Streams);

    public sealed class OverLanes() : B54_ClaimedNames(HostKind.Lanes);

    public static TheoryData<DuplicateClients> Policies => [.. Enum.GetValues<DuplicateClients>()];

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Nobody_takes_a_users_name_or_hears_what_is_sent_to_it(DuplicateClients policy)
    {
        await using var app = await StartAsync(policy);
        await using var user = await ConnectAsync(app, "u1", "u1");
        for (var i = 0; i < 3; i++)
        {
            await using var mallory = await ConnectAsync(app, "u1");
            Assert.Equal("Name taken", await mallory.ExpectCloseAsync(1008));
        }

        await using var other = await ConnectAsync(app, "other");
        await other.SendTextAsync("""{"type":"personal","to":"u1","message":"secret"}""");
        Assert.Equal("""{"from":"other","message":"secret"}""", await user.ReceiveTextAsync());
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task A_user_ends_those_who_have_its_name_and_are_nobody(DuplicateClients policy)
    {
        await using var app = await StartAsync(policy);
        await using var other = await ConnectAsync(app, "other");
        await using var mallory = await ConnectAsync(app, "u1");
        await using var user = await ConnectAsync(app, "u1", "u1");
        Assert.Equal("Replaced", await mallory.ExpectCloseAsync(4009));
        await other.SendTextAsync("""{"type":"personal","to":"u1","message":"secret"}""");
        Assert.Equal("""{"from":"other","message":"secret"}""", await user.ReceiveTextAsync());
        await user.CloseAsync();
        Assert.Equal("""{"type":"system","message":"u1 left"}""", await other.ReceiveTextAsync());
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task A_user_does_not_take_the_name_of_a_user_whose_id_begins_with_its_own(DuplicateClients policy)
    {
        await using var app = await StartAsync(policy);
        await using var owner = await ConnectAsync(app, "google:123", "google:123");
        await using var mallory = await ConnectAsync(app, "google:123", "google");
        Assert.Equal("Name taken", await mallory.ExpectCloseAsync(1008));
        await using var device = await ConnectAsync(app, "google:123:phone", "google");
        await using var proven = await ConnectAsync(app, "google:123:phone", "google:123");
        Assert.Equal("Replaced", await device.ExpectCloseAsync(4009));
        await owner.SendTextAsync("""{"type":"personal","to":"google:123:phone","message":1}""");
        Assert.Equal("""{"from":"google:123","message":1}""", await proven.ReceiveTextAsync());
    }

    [Theory]
    [InlineData(DuplicateClients.Replace, 4009, null)]
    [InlineData(DuplicateClients.Refuse, null, 1008)]
    [InlineData(DuplicateClients.Join, null, null)]
    public async Task Among_the_connections_of_one_user_the_policy_decides(DuplicateClients policy, int? first, int? second)
    {
        await using var app = await StartAsync(policy);
        await using var one = await ConnectAsync(app, "u1", "u1");
        await using var two = await ConnectAsync(app, "u1", "u1");
        foreach (var (socket, code) in new[] { (one, first), (two, second) })
        {
            if (code is { } expected)
            {
                Assert.Equal(expected == 1008 ? "Too many connections" : "Replaced", await socket.ExpectCloseAsync(expected));
            }
            else
            {
                await socket.SendTextAsync("{");
                Assert.Equal("""{"error":"Invalid JSON format"}""", await socket.ReceiveTextAsync());
            }
        }
    }

    [Fact]
    public async Task A_name_that_its_user_has_left_is_anybodys()
    {
        await using var app = await StartAsync(DuplicateClients.Replace);
        await using var other = await ConnectAsync(app, "other");
        var user = await ConnectAsync(app, "u1", "u1");
        await user.CloseAsync();
        Assert.Equal("""{"type":"system","message":"u1 left"}""", await other.ReceiveTextAsync());
        await using var anybody = await ConnectAsync(app, "u1");
        await anybody.SendTextAsync("""{"type":"personal","to":"other","message":1}""");
        Assert.Equal("""{"from":"u1","message":1}""", await other.ReceiveTextAsync());
    }

    private static Task<TestWebSocket> ConnectAsync(EndpointApp app, string client, string? user = null) =>
        app.ConnectAsync($"/ws/clients/{client}", user is null ? null : new() { ["X-User"] = user });

    private Task<EndpointApp> StartAsync(DuplicateClients policy) => EndpointApp.StartAsync(host, app => app.MapClients(), builder =>
    {
        HeaderAuthentication.Add(builder);
        builder.Services.AddTidings(options => options.Clients.Duplicates = policy);
    });
}

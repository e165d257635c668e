using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TestKit;

namespace Tidings.Client.Tests.Units;

/// <summary>The client among an application's services, and what it refuses.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public async Task One_client_serves_the_application_and_ends_with_it()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        IServiceProvider? seen = null;
        ILoggerFactory? log = null;
        services.AddTidingsClient(new Uri("ws://127.0.0.1:1/connect"), (provider, options) => (seen, log) = (provider, options.LoggerFactory));
        TidingsClient client;
        await using (var provider = services.BuildServiceProvider())
        {
            client = provider.GetRequiredService<TidingsClient>();
            Assert.Same(client, provider.GetRequiredService<TidingsClient>());
            Assert.NotNull(seen);
            Assert.NotNull(log);
        }

        Assert.Equal(ClientState.Closed, client.State);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.ConnectAsync());
    }

    [Theory]
    [InlineData("ftp://example.org/connect")]
    [InlineData("/connect")]
    public void An_address_that_is_none_is_refused(string address) =>
        Assert.Throws<ArgumentException>(() => new TidingsClient(new Uri(address, UriKind.RelativeOrAbsolute)));

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        foreach (var options in (TidingsClientOptions[])[
            new() { MaxRetries = -1 }, new() { OutgoingLimit = 0 }, new() { OutgoingBytes = 0 }, new() { MaxMessageBytes = 0 },
            new() { CommandTimeout = TimeSpan.Zero }, new() { Transports = [] }, new() { Transports = [ClientTransport.WebSocket, ClientTransport.WebSocket] }])
        {
            Assert.ThrowsAny<ArgumentException>(() => new TidingsClient(new Uri("ws://127.0.0.1/connect"), options));
        }
    }

    [Fact]
    public async Task Subscriptions_out_of_range_are_refused()
    {
        await using var client = new TidingsClient(new Uri("ws://127.0.0.1/connect"));
        Assert.Throws<ArgumentException>(() => client.Subscribe("not a name"));
        Assert.Throws<ArgumentOutOfRangeException>(() => client.Subscribe("chat:a", new SubscribeOptions { QueueLength = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => client.Subscribe("chat:a", new SubscribeOptions { Last = -1 }));
        Assert.Equal(ClientState.Idle, client.State);
    }

    [Fact]
    public async Task A_handler_that_throws_breaks_nothing()
    {
        await using var world = await EndToEnd.ClientServer.StartAsync();
        using var log = new LogCollector();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        var client = world.Client(new TidingsClientOptions { LoggerFactory = factory });
        client.StateChanged += static _ => throw new InvalidOperationException("mine");
        await client.ConnectAsync().WaitAsync(Eventually.Limit);
        Assert.Equal(1, (await client.PublishAsync("chat:lobby", 1))!.Value.Offset);
        Assert.NotEmpty(log.Lines);
    }
}

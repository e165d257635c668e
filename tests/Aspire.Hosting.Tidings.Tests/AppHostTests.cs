using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.Testing;
using Tidings.Client;

namespace Aspire.Hosting.Tidings.Tests;

/// <summary>The app host of samples/Aspire, started by Aspire's orchestrator: the server and an application that uses it, each a process of its own.</summary>
public sealed class AppHostTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task The_application_finds_the_server_and_what_it_publishes_arrives()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        var cancellation = patience.Token;
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--tidings", TidingsProgram.Path], cancellation);
        await using var app = await builder.BuildAsync(cancellation);
        await app.StartAsync(cancellation);
        try
        {
            await app.ResourceNotifications.WaitForResourceHealthyAsync("shop", cancellation);
            await PublishAndListenAsync(app, cancellation);
        }
        finally
        {
            await app.StopAsync(TestContext.Current.CancellationToken);
        }
    }

    private static async Task PublishAndListenAsync(DistributedApplication app, CancellationToken cancellation)
    {
        await using var client = new TidingsClient(new Uri((await app.GetConnectionStringAsync("push", cancellation))!));
        await using var orders = client.Subscribe("orders");
        await using var told = orders.GetAsyncEnumerator(cancellation);
        Assert.True(await told.MoveNextAsync());
        Assert.IsType<ChannelSubscribed>(told.Current);

        using var shop = app.CreateHttpClient("shop");
        using var published = await shop.PostAsJsonAsync("orders", new { id = 7, status = "paid" }, cancellation);
        published.EnsureSuccessStatusCode();

        Assert.True(await told.MoveNextAsync());
        Assert.Equal("""{"id":7,"status":"paid"}""", JsonSerializer.Serialize(Assert.IsType<ChannelMessage>(told.Current).Read<JsonElement>()));
        Assert.Equal("""[{"id":7,"status":"paid"}]""", await shop.GetStringAsync("orders", cancellation));
    }
}

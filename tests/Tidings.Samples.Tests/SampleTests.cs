using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Tidings.Samples.Tests;

/// <summary>Speaks to every sample as its reader would.</summary>
public sealed class SampleTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("/ws")]
    [InlineData("/ws/any")]
    [InlineData("/ws/limited")]
    public async Task Echo_of_text(string url)
    {
        await using var app = new WebApplicationFactory<EchoSample>();
        await using var ws = await app.ConnectWebSocketAsync(url);
        await ws.SendTextAsync("Hello");
        Assert.Equal("Echo: Hello", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task Echo_of_json()
    {
        await using var app = new WebApplicationFactory<EchoSample>();
        await using var ws = await app.ConnectWebSocketAsync("/ws/json");
        Assert.Equal("""{"type":"greeting","message":"Hello"}""", await ws.ReceiveTextAsync());
        await ws.SendJsonAsync(new { type = "greeting", message = "Hi" });
        Assert.Equal("""{"type":"response","message":"Hi"}""", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("{");
        Assert.Equal("""{"error":"Invalid JSON format"}""", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("{}");
        Assert.Equal("""{"error":"Invalid message format","details":[{"field":"type","message":"The type field is required."}]}""", await ws.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("/ws/bytes")]
    [InlineData("/ws/any")]
    public async Task Echo_of_bytes(string url)
    {
        await using var app = new WebApplicationFactory<EchoSample>();
        await using var ws = await app.ConnectWebSocketAsync(url);
        await ws.SendBytesAsync(new byte[] { 0, 1, 2 });
        Assert.Equal([0, 1, 2], await ws.ReceiveBytesAsync());
    }

    [Fact]
    public async Task Echo_with_limits()
    {
        await using var app = new WebApplicationFactory<EchoSample>();
        await using var ws = await app.ConnectWebSocketAsync("/ws/limited");
        await ws.SendTextAsync(new string('x', 10_241));
        Assert.Equal("""{"error":"Message too large"}""", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task Chat_with_query_parameters()
    {
        await using var app = new WebApplicationFactory<ChatSample>();
        await using var refused = await app.ConnectWebSocketAsync("/ws");
        Assert.Equal("Unauthorized", await refused.ExpectCloseAsync(4001));
        await using var general = await app.ConnectWebSocketAsync("/ws?token=abc123&room=general");
        Assert.Equal("Joined room: general", await general.ReceiveTextAsync());
        await using var unnamed = await app.ConnectWebSocketAsync("/ws?token=abc123");
        Assert.Equal("Joined room: default", await unnamed.ReceiveTextAsync());
    }

    [Fact]
    public async Task Chat_with_a_path_parameter()
    {
        await using var app = new WebApplicationFactory<ChatSample>();
        await using var ws = await app.ConnectWebSocketAsync("/ws/user123");
        Assert.Equal("Hello, user123", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("hi");
        Assert.Equal("user123: hi", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task Chat_in_a_room()
    {
        await using var app = new WebApplicationFactory<ChatSample>();
        await using var ann = await app.ConnectWebSocketAsync("/ws/rooms/a");
        await ann.SendTextAsync("first");
        Assert.Equal("Room a: first", await ann.ReceiveTextAsync());
        await using var bob = await app.ConnectWebSocketAsync("/ws/rooms/a");
        await bob.SendTextAsync("hi");
        Assert.Equal("Room a: hi", await ann.ReceiveTextAsync());
        Assert.Equal("Room a: hi", await bob.ReceiveTextAsync());
    }

    [Fact]
    public async Task Personal_messages()
    {
        await using var app = new WebApplicationFactory<PersonalSample>();
        await using var ann = await app.ConnectWebSocketAsync("/ws/ann");
        await using var bob = await app.ConnectWebSocketAsync("/ws/bob");
        await ann.SendJsonAsync(new { type = "personal", to = "bob", message = "psst" });
        Assert.Equal("""{"from":"ann","message":"psst"}""", await bob.ReceiveTextAsync());
        await bob.SendJsonAsync(new { type = "broadcast", message = "all" });
        Assert.Equal("""{"from":"bob","message":"all"}""", await ann.ReceiveTextAsync());
        await bob.CloseAsync();
        Assert.Equal("""{"type":"system","message":"bob left"}""", await ann.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_push_from_an_http_endpoint()
    {
        await using var app = new WebApplicationFactory<PushSample>();
        await using var ann = await app.ConnectWebSocketAsync("/ws/ann");
        using var http = app.CreateClient();
        using var broadcast = await http.PostAsJsonAsync(new Uri("/broadcast", UriKind.Relative), new { content = "hello" });
        Assert.Equal("""{"status":"sent"}""", await broadcast.Content.ReadAsStringAsync());
        Assert.Equal("""{"content":"hello"}""", await ann.ReceiveTextAsync());
        using var absent = await http.PostAsJsonAsync(new Uri("/clients/bob", UriKind.Relative), new { content = "hello" });
        Assert.Equal(HttpStatusCode.NotFound, absent.StatusCode);
    }

    [Fact]
    public async Task A_receiver_and_a_sender_at_once()
    {
        var time = new ManualTime();
        await using var app = With<DuplexSample>(time);
        await using var ws = await app.ConnectWebSocketAsync("/ws");
        await ws.SendTextAsync("a");
        Assert.Equal("Received: a", await ws.ReceiveTextAsync());
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("Ping", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("b");
        Assert.Equal("Received: b", await ws.ReceiveTextAsync());
        await ws.CloseAsync();
        await ws.ExpectCloseAsync(1000);
    }

    [Fact]
    public async Task A_background_task()
    {
        var time = new ManualTime();
        await using var app = With<BackgroundTaskSample>(time);
        await using var ws = await app.ConnectWebSocketAsync("/ws");
        await ws.SendTextAsync("a");
        Assert.Equal("Processed: a", await ws.ReceiveTextAsync());
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("""{"type":"ping"}""", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_receive_with_a_time_out()
    {
        var time = new ManualTime();
        await using var app = With<TimeoutSample>(time);
        await using var ws = await app.ConnectWebSocketAsync("/ws");
        await ws.SendTextAsync("a");
        Assert.Equal("Echo: a", await ws.ReceiveTextAsync());
        var asked = ws.ReceiveTextAsync();
        await AdvanceUntilAsync(time, asked);
        Assert.Equal("Still there?", await asked);
        await ws.SendTextAsync("b");
        Assert.Equal("Echo: b", await ws.ReceiveTextAsync());
        var askedAgain = ws.ReceiveTextAsync();
        await AdvanceUntilAsync(time, askedAgain);
        Assert.Equal("Still there?", await askedAgain);
        var closed = ws.ExpectCloseAsync(4200);
        await AdvanceUntilAsync(time, closed);
        Assert.Equal("Idle", await closed);
    }

    [Fact]
    public async Task A_database()
    {
        await using var app = new WebApplicationFactory<DatabaseSample>();
        await using var ann = await app.ConnectWebSocketAsync("/ws/a");
        await ann.SendTextAsync("remember");
        var note = await ann.ReceiveTextAsync();
        Assert.Contains("\"text\":\"remember\"", note, StringComparison.Ordinal);
        await using var bob = await app.ConnectWebSocketAsync("/ws/a");
        Assert.Equal(note, await bob.ReceiveTextAsync());
    }

    [Fact]
    public async Task Quit()
    {
        await using var app = new WebApplicationFactory<QuitSample>();
        await using var ws = await app.ConnectWebSocketAsync("/ws");
        await ws.SendTextAsync("""{"type":"note","data":[1]}""");
        Assert.Equal("""{"type":"said","data":[1]}""", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("""{"type":"quit"}""");
        Assert.Equal("Goodbye", await ws.ExpectCloseAsync(1000));
    }

    [Fact]
    public async Task Authentication_by_query_and_cookie()
    {
        await using var app = new WebApplicationFactory<AuthenticationSample>();
        await using var query = await app.ConnectWebSocketAsync("/ws/query?token=secret-of-ann");
        await query.SendTextAsync("hi");
        Assert.Equal("Hello ann: hi", await query.ReceiveTextAsync());
        await using var wrong = await app.ConnectWebSocketAsync("/ws/query?token=x");
        Assert.Equal("Invalid token", await wrong.ExpectCloseAsync(4001));
        await using var cookie = await app.ConnectWebSocketAsync("/ws/cookie", cookies: new() { ["session_id"] = "secret-of-ann" });
        await cookie.SendTextAsync("hi");
        Assert.Equal("Hello ann: hi", await cookie.ReceiveTextAsync());
        await using var none = await app.ConnectWebSocketAsync("/ws/cookie");
        await none.ExpectCloseAsync(4001);
    }

    [Fact]
    public async Task Authentication_by_the_first_message()
    {
        var time = new ManualTime();
        await using var app = With<AuthenticationSample>(time);
        await using var ws = await app.ConnectWebSocketAsync("/ws/message");
        await ws.SendJsonAsync(new { type = "auth", token = "secret-of-ann" });
        Assert.Equal("""{"type":"auth_success","user":"ann"}""", await ws.ReceiveTextAsync());
        await using var wrong = await app.ConnectWebSocketAsync("/ws/message");
        await wrong.SendJsonAsync(new { type = "auth", token = "x" });
        Assert.Equal("Auth failed", await wrong.ExpectCloseAsync(4001));
        await using var silent = await app.ConnectWebSocketAsync("/ws/message");
        var closed = silent.ExpectCloseAsync(4000);
        await AdvanceUntilAsync(time, closed);
        Assert.Equal("Auth timeout", await closed);
    }

    private static WebApplicationFactory<T> With<T>(ManualTime time)
        where T : class =>
        new WebApplicationFactory<T>().WithWebHostBuilder(builder => builder.ConfigureServices(services => services.AddSingleton<TimeProvider>(time)));

    // The handler begins to wait some time after its last answer has come: time goes on, in small steps, until it notices.
    private static async Task AdvanceUntilAsync(ManualTime time, Task expected)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var step = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!expected.IsCompleted && await step.WaitForNextTickAsync(limit.Token))
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task Resources_tell_of_what_anybody_saves()
    {
        await using var app = new WebApplicationFactory<ResourcesSample>();
        await using var ws = await app.ConnectWebSocketAsync("/ws/items");
        await ws.SendTextAsync("""{"type":"subscribe"}""");
        var initial = await ws.ReceiveTextAsync();
        Assert.StartsWith("""{"type":"initial","resource":"items","data":[{"id":1,"name":"Apple","price":1.20},""", initial);
        Assert.DoesNotContain("pays late", initial);
        await app.CreateClient().PostAsync("/sale", null);
        Assert.StartsWith("""{"type":"update","resource":"items","id":1,"data":{"id":1,"name":"Apple","price":1.08},"offset":1}""", await ws.ReceiveTextAsync());
    }
}

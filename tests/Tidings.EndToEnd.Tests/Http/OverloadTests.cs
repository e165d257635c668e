using System.Net;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>A process whose memory is short refuses, goes on for those inside, and recovers.</summary>
public sealed class OverloadTests
{
    // Of 120 MB; a server that has nothing to do holds a tenth of it.
    private const string Limit = "0x7800000";
    private const int LargestMessages = 1000;

    // One refusal may be of what the collector has yet to take.
    private const int Sure = 10;
    private const string Key = "the key of this test alone";

    [Fact]
    public async Task Memory_that_runs_short_is_seen_and_seen_to_be_free_again()
    {
        await using var program = ServerProcess.Start(
            "serve --urls http://127.0.0.1:0 --limits none",
            ("DOTNET_GCHeapHardLimit", Limit),
            ("Tidings__Overload__MemoryPercent", "60"),
            ("Tidings__Overload__QueueDelay", "0"),
            ("Tidings__Limits__HistoryBytes", "0"),
            ("Tidings__ApiKey", Key),
            ("Tidings__Channels__0__Pattern", "chat:*"),
            ("Tidings__Channels__0__History", "100000"),
            ("Tidings__Channels__0__HistoryAge", "1h"));
        var url = await program.ListeningAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = url, Timeout = Eventually.Limit, DefaultRequestHeaders = { Authorization = new("Bearer", Key) } };
        await using var inside = await RawWebSocket.ConnectAsync(url.Port, "/ws/lobby");

        var refused = 0;
        for (var i = 0; i < LargestMessages && refused < Sure; i++)
        {
            await PublishAsync(http, new string('x', 250_000));
            refused = (await HandshakeAsync(url)).Status == 503 ? refused + 1 : 0;
        }

        Assert.Equal(Sure, refused);
        await inside.SendTextAsync("still here");
        await inside.ExpectTextAsync("[lobby] still here");
        Assert.Equal(HttpStatusCode.OK, await PublishAsync(http, "a little more"));

        using (var erased = await http.DeleteAsync("/api/history?channel=chat:a"))
        {
            Assert.Equal(HttpStatusCode.OK, erased.StatusCode);
        }

        await Eventually.TrueAsync(
            async () =>
            {
                await PublishAsync(http, "time passes");
                return (await HandshakeAsync(url)).Status == 101;
            },
            () => "newcomers are taken in again; it said: " + program.Output,
            TimeSpan.FromSeconds(30));
        await inside.SendTextAsync("and still");
        await inside.ExpectTextAsync("[lobby] and still");
        Assert.Contains("Overloaded, memory is short", program.Output, StringComparison.Ordinal);
    }

    private static async Task<RawResponse> HandshakeAsync(Uri url)
    {
        await using var tcp = await RawTcp.ConnectAsync(url.Port);
        await tcp.SendAsync(RawHandshake.Request("/ws/lobby", url.Port, RawHandshake.NewKey(), []));
        return await tcp.ReadResponseAsync();
    }

    private static async Task<HttpStatusCode> PublishAsync(HttpClient http, string data)
    {
        using var answer = await http.PostAsync("/api/publish", new StringContent($$"""{"channel":"chat:a","data":"{{data}}"}""", null, "application/json"));
        return answer.StatusCode;
    }
}

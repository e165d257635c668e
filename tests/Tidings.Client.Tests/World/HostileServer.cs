using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tidings.Client.Tests.World;

/// <summary>A server that answers as a test says, on every transport.</summary>
internal sealed class HostileServer : IAsyncDisposable
{
    public const string Connected = """{"type":"connected","connection":"c1","user":null,"pingInterval":30000,"subscriptions":[]}""";

    private readonly WebApplication _app;

    private HostileServer(Func<HttpContext, Task> serve)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(async context =>
        {
            Requests.Add(context.Request.Method + " " + context.Request.Path + context.Request.QueryString);
            await serve(context);
        });
    }

    public Uri Url => new(new Uri(_app.Urls.First()), "/connect");

    /// <summary>The first line of every request.</summary>
    public System.Collections.Concurrent.ConcurrentBag<string> Requests { get; } = [];

    public static async Task<HostileServer> StartAsync(Func<HttpContext, Task> serve)
    {
        var server = new HostileServer(serve);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Says these things over whichever transport was asked for, and then nothing more.</summary>
    public static Task<HostileServer> SayingAsync(params byte[][] messages)
    {
        return StartAsync(SayAsync);

        async Task SayAsync(HttpContext context)
        {
            if (context.WebSockets.IsWebSocketRequest)
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                foreach (var message in messages)
                {
                    await socket.SendAsync(message, WebSocketMessageType.Text, true, context.RequestAborted);
                }

                await socket.ReceiveAsync(new byte[1024], context.RequestAborted);
            }
            else
            {
                context.Response.ContentType = "text/event-stream";
                foreach (var message in messages)
                {
                    await context.Response.Body.WriteAsync("data: "u8.ToArray());
                    await context.Response.Body.WriteAsync(message);
                    await context.Response.Body.WriteAsync("\n\n"u8.ToArray());
                    await context.Response.Body.FlushAsync();
                }

                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(bound.Token);
        await _app.DisposeAsync();
    }
}

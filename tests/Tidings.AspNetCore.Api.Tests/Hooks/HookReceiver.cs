using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Api.Tests.Hooks;

/// <summary>A back end that is asked.</summary>
internal sealed class HookReceiver : IAsyncDisposable
{
    public const string Secret = "a secret of sixteen";

    private readonly WebApplication _app;

    private HookReceiver(WebApplication app) => _app = app;

    public string Url => _app.Urls.First() + "/hook";

    /// <summary>The events that came, each with a right signature.</summary>
    public ConcurrentQueue<JsonElement> Events { get; } = [];

    public static async Task<HookReceiver> StartAsync(Func<JsonElement, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var receiver = new HookReceiver(app);
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Check(context.Request.Headers["Tidings-Signature"].ToString(), body.ToArray());
            var received = JsonDocument.Parse(body.ToArray()).RootElement;
            receiver.Events.Enqueue(received);
            await answer(received, context);
        });
        await app.StartAsync();
        return receiver;
    }

    /// <summary>One that always answers the same.</summary>
    public static Task<HookReceiver> StartAsync(string json) => StartAsync((_, context) => context.Response.WriteAsync(json));

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static void Check(string header, byte[] body)
    {
        var parts = header.Split(',').ToDictionary(part => part.Split('=')[0], part => part.Split('=')[1]);
        Assert.True(long.Parse(parts["t"], CultureInfo.InvariantCulture) > 0);
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), (byte[])[.. Encoding.ASCII.GetBytes(parts["t"] + "."), .. body]);
        Assert.Equal(Convert.ToHexStringLower(expected), parts["v1"]);
    }
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TestKit;

/// <summary>A back end that is told of events, and checks every signature by itself.</summary>
public sealed class EventBackEnd : IAsyncDisposable
{
    // Messages may be nested 64 levels deep, and stand four levels deep in a request.
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 70 };

    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    private readonly WebApplication _app;

    private int _busy;

    private EventBackEnd(WebApplication app) => _app = app;

    /// <summary>What requests to any of them are signed with.</summary>
    public static string Secret => "whsec_" + Convert.ToBase64String(Key);

    /// <summary>Where it is told. The query is to be shown to nobody.</summary>
    public string Url => _app.Urls.First() + "/events?token=secret";

    /// <summary>How each request is answered: a status, or an answer that it gives itself by returning null. By default 204.</summary>
    public Func<IReadOnlyList<JsonElement>, HttpContext, Task<int?>> Answer { get; set; } = static (_, _) => Task.FromResult<int?>(204);

    /// <summary>Events that were taken, in the order in which they came.</summary>
    public ConcurrentQueue<JsonElement> Taken { get; } = [];

    /// <summary>The <c>webhook-id</c> of every request.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>Whether a request is being answered.</summary>
    public bool IsBusy => Volatile.Read(ref _busy) > 0;

    /// <summary>Type, channel and user of each event that was taken.</summary>
    public IEnumerable<string> Lines => Taken.Select(Line);

    /// <summary>Type, channel and user of an event.</summary>
    public static string Line(JsonElement one) => string.Join(' ', new[] { "type", "channel", "user" }.Where(name => one.TryGetProperty(name, out _)).Select(name => one.GetProperty(name).GetString()));

    /// <summary>Begins to listen on loopback.</summary>
    public static async Task<EventBackEnd> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var receiver = new EventBackEnd(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Waits until these have come, and nothing else.</summary>
    public Task ExpectAsync(params string[] lines) => Eventually.EqualAsync(string.Join(", ", lines), () => string.Join(", ", Lines), "what was told");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        Interlocked.Increment(ref _busy);
        try
        {
            await TakeOneAsync(context);
        }
        finally
        {
            Interlocked.Decrement(ref _busy);
        }
    }

    private async Task TakeOneAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers;
        var signed = Encoding.UTF8.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{Encoding.UTF8.GetString(body.ToArray())}");
        if (!headers["webhook-signature"].ToString().Split(' ').Contains("v1," + Convert.ToBase64String(HMACSHA256.HashData(Key, signed))))
        {
            context.Response.StatusCode = 401;
            return;
        }

        Requests.Enqueue(headers["webhook-id"].ToString());
        var events = JsonDocument.Parse(body.ToArray(), Deep).RootElement.GetProperty("events").EnumerateArray().ToList();
        if (await Answer(events, context) is { } status)
        {
            context.Response.StatusCode = status;
            if (status is >= 200 and < 300)
            {
                events.ForEach(Taken.Enqueue);
            }
        }
    }
}

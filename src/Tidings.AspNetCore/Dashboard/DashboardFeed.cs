using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>Server-Sent Events for the dashboard's page: the nodes' reports, or the messages of one channel.</summary>
internal sealed class DashboardFeed(Edge tidings, IHostApplicationLifetime lifetime)
{
    private const int MostBefore = 100;

    private readonly LiveEvents _live = new(tidings, lifetime);

    /// <summary><c>GET /dashboard/data/events</c>: each second an event <c>report</c> of each node.</summary>
    public IResult Reports(HttpContext context) => Serve(context, ReportsAsync);

    /// <summary><c>GET /dashboard/data/messages?channel&amp;last</c>: an event <c>message</c> or <c>gap</c> each, from where a browser that comes back had come to.</summary>
    public IResult Messages(HttpContext context)
    {
        var query = new ApiQuery(context.Request.Query);
        var (channel, last) = (query.Text("channel"), query.Number("last"));
        if ((query.Fault ?? ApiChecks.Channel(channel) ?? ApiChecks.Limit("last", last, MostBefore)) is { } fault)
        {
            return Problems.BadRequest(fault);
        }

        StreamPosition? since = StreamPosition.TryParse(context.Request.Headers["Last-Event-ID"].ToString(), out var position) ? position : null;
        var options = new SubscribeOptions { Since = since, Last = since is null ? last ?? 0 : 0 };
        return Serve(context, cancellationToken => MessagesAsync(channel!, options, cancellationToken));
    }

    /// <summary><c>GET /dashboard/data/told</c>: an event <c>told</c> for each batch of events that a back end or a handler is told, by whatever node.</summary>
    public IResult Told(HttpContext context) => tidings.Node.Events.Store is null ? DashboardReceivers.Nobody : Serve(context, ToldAsync);

    private IResult Serve(HttpContext context, Func<CancellationToken, IAsyncEnumerable<SseItem<string>>> events) => _live.Serve(context, DashboardSessions.Idle, events);

    private async IAsyncEnumerable<SseItem<string>> ReportsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var report in tidings.Node.Reports.WatchAsync(cancellationToken))
        {
            yield return new SseItem<string>(Encoding.UTF8.GetString(report.Span), "report");
        }
    }

    private async IAsyncEnumerable<SseItem<string>> ToldAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var told in tidings.Node.EventReports.WatchAsync(cancellationToken))
        {
            yield return new SseItem<string>(Encoding.UTF8.GetString(told.Span), "told");
        }
    }

    private async IAsyncEnumerable<SseItem<string>> MessagesAsync(string channel, SubscribeOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var message in tidings.Node.Facade.SubscribeAsync(channel, options, cancellationToken))
        {
            var (view, kind) = message.Kind switch
            {
                ChannelMessageKind.Gap => (new MessageView(message.Position.Offset) { Reason = message.Reason }, "gap"),
                ChannelMessageKind.Removed => (new MessageView(message.Position.Offset), "removed"),
                _ => (ViewOf(message), "message"),
            };

            // What was removed may stand before what the page has seen: it goes on where it was.
            yield return new SseItem<string>(JsonSerializer.Serialize(view, FeedJson.Default.MessageView), kind)
            {
                EventId = kind != "removed" && message.Position.Offset > 0 ? message.Position.ToString() : null,
            };
        }
    }

    private static MessageView ViewOf(ChannelMessage message) => new(message.Position.Offset)
    {
        Data = message.Data.IsEmpty ? null : JsonElement.Parse(message.Data.Span),
        Note = message.Kind == ChannelMessageKind.KeyRemoval ? $"the key {message.Key} was taken out" : message.Bytes is { } bytes ? $"{bytes.Length} bytes" : null,
        From = message.From, Key = message.Key, Time = message.Time.ToUnixTimeMilliseconds(),
    };
}

/// <summary>A message, or with a reason what is gone up to its offset; offset 0 is that of what is said in passing.</summary>
internal sealed record MessageView(long Offset)
{
    public JsonElement? Data { get; init; }

    /// <summary>What is said of it where it has no data to show.</summary>
    public string? Note { get; init; }
    public string? From { get; init; }
    public string? Key { get; init; }
    public long Time { get; init; }
    public string? Reason { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MessageView))]
internal sealed partial class FeedJson : JsonSerializerContext;

using System.Net;
using System.Net.Http.Headers;
using Polly.CircuitBreaker;
using Tidings.AspNetCore.Hooks;
using Tidings.Events;

namespace Tidings.AspNetCore.Events;

/// <summary>A back end that is told of events by POST.</summary>
internal sealed class WebhookTarget(Uri url, IWebhookForm form, HttpMessageInvoker http, BackEnds backEnds, TimeProvider time) : IEventTarget
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LargestSkew = TimeSpan.FromMinutes(5);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public TimeSpan LimitOf(int events) => Limit;

    public Task AskAgainAsync() => backEnds.AskAgainAsync(url);

    public async Task<DeliveryOutcome> DeliverAsync(IReadOnlyList<QueuedEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            return await backEnds.CallAsync(url, cancelled => PostAsync(events, cancelled), cancellationToken);
        }
        catch (BrokenCircuitException broken)
        {
            return new DeliveryOutcome(DeliveryResult.Away, BackEnds.NotAsked) { NotAskedFor = broken.RetryAfter ?? BackEnds.LongestBreak };
        }
        catch (AwayException away)
        {
            return away.Outcome;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TimeoutException)
        {
            return new DeliveryOutcome(DeliveryResult.Away, error.Message);
        }
    }

    private async ValueTask<DeliveryOutcome> PostAsync(IReadOnlyList<QueuedEvent> events, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var body = form.BodyOf(events, now);
        if (body.IsEmpty)
        {
            return DeliveryOutcome.Delivered;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = Json;
        form.Sign(request.Headers, EventIds.OfBatch(events), now, body.Span);
        try
        {
            // What it answers besides its status is not read.
            using var response = await http.SendAsync(request, cancellationToken);
            return Judge(response);
        }
        catch (OperationCanceledException error)
        {
            throw new TimeoutException($"no answer within {Limit.TotalSeconds:0} s", error);
        }
    }

    private DeliveryOutcome Judge(HttpResponseMessage response) => response.StatusCode switch
    {
        >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => DeliveryOutcome.Delivered,
        HttpStatusCode.Gone => new DeliveryOutcome(DeliveryResult.Unsubscribed),
        HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => throw new AwayException(Away(response)),
        HttpStatusCode.TooManyRequests => Away(response),
        _ => new DeliveryOutcome(DeliveryResult.Refused, Why(response)),
    };

    private DeliveryOutcome Away(HttpResponseMessage response) => new(DeliveryResult.Away, Why(response))
    {
        RetryAfter = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
            _ => null,
        },
    };

    // A receiver whose clock is wrong refuses every signature as too old, and its answer does not say so.
    private string Why(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var why = $"status {status}, where 2xx is expected{(status is >= 300 and < 400 ? "; redirects are not followed" : "")}";
        if (status is not (400 or 401 or 403) || response.Headers.Date is not { } date || (date - time.GetUtcNow()) is var skew && skew.Duration() <= LargestSkew)
        {
            return why;
        }

        // In whole hours where it is hours, so that it is the same fault each time.
        var size = skew.Duration();
        var much = size < TimeSpan.FromHours(2) ? $"{size.TotalMinutes:0} minutes" : $"{size.TotalHours:0} hours";
        return $"{why}; its clock is {much} {(skew > TimeSpan.Zero ? "ahead of" : "behind")} this server's";
    }

    // What stands in front of a back end says that nothing is behind it.
    private sealed class AwayException(DeliveryOutcome outcome) : HttpRequestException(outcome.Why)
    {
        public DeliveryOutcome Outcome => outcome;
    }
}

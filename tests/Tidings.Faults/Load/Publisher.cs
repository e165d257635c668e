using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Tidings.Faults.Journals;
using Tidings.Faults.Readers;
using Tidings.Faults.World;
using Tidings.Protocol;

namespace Tidings.Faults.Load;

/// <summary>What publishers of a run share.</summary>
internal sealed record PublisherContext(RunJournal Journal, HttpClient Http, Func<Random, Uri> Pick, LagMeter Lags, PublishCounts Counts, IReadOnlyList<string> Channels)
{
    /// <summary>The part of messages that are asked to be durable.</summary>
    public double DurablePart { get; init; }
}

/// <summary>A back end that says one thing after the other over the server API; what is not answered it says again with the same key, to another node.</summary>
internal sealed class Publisher(string name, PublisherContext context, Random random)
{
    private const int SmallestFilling = 150;
    private const int LargestFilling = 1900;
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(5);

    private int _count;

    /// <param name="interval">From one beginning to the next.</param>
    /// <param name="finish">Begins nothing new any more.</param>
    /// <param name="end">Gives up what is not answered.</param>
    public async Task RunAsync(TimeSpan interval, CancellationToken finish, CancellationToken end)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var i = random.NextDouble(); !finish.IsCancellationRequested; i++)
        {
            // Behind schedule after something broke: go on from here, so that no storm follows.
            var late = TimeProvider.System.GetElapsedTime(started) - (i * interval);
            i += Math.Max(0, Math.Floor((late / interval) - 1));
            await Task.Delay(late < TimeSpan.Zero ? -late : TimeSpan.Zero, finish).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!finish.IsCancellationRequested)
            {
                await SayAsync(context.Channels[random.Next(context.Channels.Count)], random.NextDouble() < context.DurablePart, end);
            }
        }
    }

    /// <summary>Says one thing, until it is answered.</summary>
    /// <param name="channel">Where.</param>
    /// <param name="durable">Whether it must survive a crash.</param>
    /// <param name="end">Gives it up.</param>
    /// <param name="filling">How long it is; null: by chance.</param>
    /// <param name="first">Says it in another way before, by its key and data; what is said here is then the second time.</param>
    /// <returns>Where it stands; null where it was given up or refused.</returns>
    public async Task<StreamPosition?> SayAsync(string channel, bool durable, CancellationToken end, int? filling = null, Func<string, string, Task>? first = null)
    {
        var said = string.Create(CultureInfo.InvariantCulture, $"{name}-{++_count}");
        var payload = Payload.Make(said, filling ?? random.Next(SmallestFilling, LargestFilling));
        var flag = durable ? ",\"durable\":true" : "";
        var body = Encoding.UTF8.GetBytes($$"""{"channel":"{{channel}}","data":{{payload}},"idempotencyKey":"{{said}}"{{flag}}}""");
        var attempt = context.Journal.Begin(new Publish(channel, said) { Key = said, Durable = durable });
        if (first is not null)
        {
            await first(said, payload);
        }
        else
        {
            context.Lags.Began(attempt);
        }

        for (var tries = 1; !end.IsCancellationRequested; tries++)
        {
            if (await TryAsync(attempt, body, tries, end))
            {
                // Now and then asked again though it was answered: the same answer must come.
                if (attempt.Outcome == Outcome.Accepted && random.Next(100) == 0)
                {
                    await TryAsync(attempt, body, tries + 1, end);
                }

                return attempt.Answers.Count > 0 ? attempt.Answers[0] : null;
            }

            await Task.Delay(random.Next(20, 20 + Math.Min(1000, 50 * tries)), end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }

    /// <returns>Whether there was a definite answer.</returns>
    private async Task<bool> TryAsync(Attempt attempt, byte[] body, int tries, CancellationToken end)
    {
        var began = context.Journal.Now();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(end);
        limit.CancelAfter(LongestAnswer);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(context.Pick(random), "/api/publish")) { Content = new ByteArrayContent(body) };
            request.Headers.Authorization = NodeSettings.Authorization;
            request.Content.Headers.ContentType = new("application/json");
            using var answer = await context.Http.SendAsync(request, limit.Token);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(limit.Token));
                var position = new StreamPosition(document.RootElement.GetProperty("epoch").GetString()!, document.RootElement.GetProperty("offset").GetInt64());
                context.Journal.Accept(attempt, position);
                context.Counts.Answered(began, context.Journal.Now(), attempt.Channel);
                return true;
            }

            // A definite no; but where it was sent before and not answered, that may have happened.
            var refused = answer.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.BadRequest;
            if (refused && tries == 1)
            {
                attempt.Refused();
            }

            context.Counts.Failed(began, context.Journal.Now(), refused);
            return refused;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException or JsonException)
        {
            context.Counts.Failed(began, context.Journal.Now(), refused: false);
            return false;
        }
    }
}

using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;

namespace Tidings.AspNetCore.Api;

/// <summary>Server-Sent Events for those who run the server.</summary>
internal sealed class LiveEvents(Edge tidings, IHostApplicationLifetime lifetime)
{
    // Proxies cut what is silent for a minute.
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(15);

    private static readonly SseItem<string> Alive = new("", "alive");

    /// <summary>Answers with events, for as long as there are some, and with a sign of life in between.</summary>
    /// <remarks>Ends where the page was closed, its session was signed out, the server stops, the broker is away, and after <paramref name="longest"/> in any case: a browser comes back by itself,
    /// and it is judged anew whether it may. Who does not read is cut off.</remarks>
    /// <param name="context">The request.</param>
    /// <param name="longest">How long the answer may be.</param>
    /// <param name="events">Makes the events.</param>
    public IResult Serve(HttpContext context, TimeSpan longest, Func<CancellationToken, IAsyncEnumerable<SseItem<string>>> events)
    {
        context.Response.Headers["X-Accel-Buffering"] = "no";
        var answer = new Answer(context, longest, patience: SignOfLife, tidings.Node.Time);
        context.Response.RegisterForDispose(answer);
        return TypedResults.ServerSentEvents(UntilTheEndAsync(answer, events, longest, context.Features.Get<AdminSession>(), context.RequestAborted));
    }

    private async IAsyncEnumerable<SseItem<string>> UntilTheEndAsync(
        Answer answer, Func<CancellationToken, IAsyncEnumerable<SseItem<string>>> events, TimeSpan longest, AdminSession? session, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool IsSignedOut() => session is not null && tidings.Node.Registry.Revocations.CoverToken(session.Id);

        using var judged = new CancellationTokenSource(longest, tidings.Node.Time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, judged.Token, lifetime.ApplicationStopping);
        await using var source = events(ending.Token).GetAsyncEnumerator(ending.Token);
        yield return Alive;
        answer.IsBeingWritten = false;
        var next = NextAsync(source);
        try
        {
            while (true)
            {
                using var silence = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                if (await Task.WhenAny(next, Task.Delay(SignOfLife, tidings.Node.Time, silence.Token)) != next && !ending.IsCancellationRequested)
                {
                    if (IsSignedOut())
                    {
                        yield break;
                    }

                    answer.IsBeingWritten = true;
                    yield return Alive;
                    answer.IsBeingWritten = false;
                    continue;
                }

                await silence.CancelAsync();
                if (!await next || IsSignedOut())
                {
                    yield break;
                }

                answer.IsBeingWritten = true;
                yield return source.Current;
                answer.IsBeingWritten = false;
                next = NextAsync(source);
            }
        }
        finally
        {
            await ending.CancelAsync();
            await next;
        }
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<SseItem<string>> source)
    {
        try
        {
            return await source.MoveNextAsync();
        }
        catch (Exception error) when (error is OperationCanceledException or BrokerUnavailableException)
        {
            return false;
        }
    }

    // Once the answer should be over: where an event is being written all the while, nobody reads it.
    private sealed class Answer : IDisposable
    {
        private readonly ITimer _timer;
        private volatile bool _isBeingWritten = true;
        private bool _wasBeingWritten;

        public Answer(HttpContext context, TimeSpan longest, TimeSpan patience, TimeProvider time) => _timer = time.CreateTimer(
            _ =>
            {
                if (IsBeingWritten && _wasBeingWritten)
                {
                    context.Abort();
                }

                _wasBeingWritten = IsBeingWritten;
            },
            null, longest, patience);

        public bool IsBeingWritten
        {
            get => _isBeingWritten;
            set => _isBeingWritten = value;
        }

        public void Dispose() => _timer.Dispose();
    }
}

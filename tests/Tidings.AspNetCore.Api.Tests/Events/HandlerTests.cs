using System.Collections.Concurrent;
using Tidings.Testing;

namespace Tidings.AspNetCore.Api.Tests.Events;

/// <summary>Code of the application that is told of events.</summary>
public sealed class HandlerTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_handler_has_a_scope_of_its_own_and_is_told_again_what_it_did_not_take()
    {
        var told = new ConcurrentQueue<string>();
        var failing = true;
        var scopes = new ConcurrentQueue<Scoped>();
        await using var app = await TestApp.StartAsync(
            tidings => tidings.OnEvent(
                async (ServerEvent e, Scoped scoped, CancellationToken cancellationToken) =>
                {
                    await Task.Yield();
                    scopes.Enqueue(scoped);
                    if (failing && e.Channel == "chat:a" && e.Data.GetProperty("data").GetInt32() == 2)
                    {
                        throw new InvalidOperationException("not now");
                    }

                    told.Enqueue($"{e.Type} {e.Channel} {e.Data.GetProperty("data")}");
                },
                [ServerEventType.MessagePublished],
                ["chat:*"]),
            services: static services => services.AddScoped<Scoped>(),
            time: _time);
        for (var i = 1; i <= 3; i++)
        {
            await app.Tidings.PublishAsync("chat:a", i);
            await app.Tidings.PublishAsync("chat:b", i);
        }

        await Eventually.EqualAsync(4, () => told.Count, "what was told");
        Assert.Equal(["message.published chat:a 1"], told.Where(static line => line.Contains("chat:a", StringComparison.Ordinal)));
        failing = false;
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return told.Count == 6;
            },
            "the rest");
        Assert.Equal(["message.published chat:a 1", "message.published chat:a 2", "message.published chat:a 3"], told.Where(static line => line.Contains("chat:a", StringComparison.Ordinal)));
        Assert.Equal(scopes.Count, scopes.Distinct().Count());
        Assert.All(scopes, static scoped => Assert.True(scoped.Disposed));
        Assert.Contains(app.Log, static line => line.Contains("handler 1 does not take events: InvalidOperationException: not now", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_bytes_an_event_has_base64()
    {
        var told = new ConcurrentQueue<string>();
        await using var app = await TestApp.StartAsync(
            tidings => tidings.OnEvent((ServerEvent e) => told.Enqueue(e.Data.GetRawText()), [ServerEventType.MessagePublished], ["chat:*"]), time: _time);
        await app.Tidings.PublishAsync("chat:a", new byte[] { 0xFF, 0 }, new PublishOptions { Event = "pen", Ephemeral = true });
        await Eventually.EqualAsync(1, () => told.Count, "what was told");
        Assert.Equal("""{"event":"pen","data64":"/wA="}""", told.Single());
    }

    [Fact]
    public async Task A_handler_that_does_not_end_is_given_up_and_told_again()
    {
        var calls = 0;
        await using var app = await TestApp.StartAsync(
            tidings => tidings.OnEvent((ServerEvent e) => Interlocked.Increment(ref calls) == 1 ? Task.Delay(Timeout.Infinite) : Task.CompletedTask, [ServerEventType.ConnectionOpened]),
            time: _time);
        await using var anna = await app.ConnectAsync("anna");
        await Eventually.EqualAsync(1, () => Volatile.Read(ref calls), "calls");
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return Volatile.Read(ref calls) == 2;
            },
            "the second call");
    }

    [Fact]
    public async Task What_cannot_be_told_is_said_where_it_is_mapped()
    {
        await using var app = await TestApp.StartAsync(static tidings =>
        {
            Assert.Throws<ArgumentException>(() => tidings.OnEvent((ServerEvent e) => { }, ["member.gone"]));
            Assert.Throws<ArgumentException>(() => tidings.OnEvent((ServerEvent e) => { }, channels: ["{"]));
            Assert.Throws<ArgumentException>(() => tidings.OnEvent((int number) => { }));
        });
    }

    private sealed class Scoped : IDisposable
    {
        public bool Disposed { get; private set; }

        public void Dispose() => Disposed = true;
    }
}

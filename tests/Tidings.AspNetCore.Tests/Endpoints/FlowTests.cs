using System.Globalization;

namespace Tidings.AspNetCore.Tests.Endpoints;

/// <summary>Many senders, slow readers, lagging handlers.</summary>
public abstract class FlowTests(HostKind host)
{
    public sealed class InMemory() : FlowTests(HostKind.Memory);

    public sealed class OverStreams() : FlowTests(HostKind.Streams);

    public sealed class OverLanes() : FlowTests(HostKind.Lanes);

    [Fact]
    public async Task Many_threads_send_at_once_each_in_its_order()
    {
        const int Threads = 8;
        const int Each = 500;
        await using var app = await StartAsync(async ws =>
        {
            await ws.AcceptAsync();
            await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(async () =>
            {
                for (var i = 0; i < Each; i++)
                {
                    await ws.SendTextAsync($"{thread} {i}");
                }
            })));
        });
        await using var ws = await app.ConnectAsync();
        var next = new int[Threads];
        for (var i = 0; i < Threads * Each; i++)
        {
            var parts = (await ws.ReceiveTextAsync()).Split(' ');
            var thread = int.Parse(parts[0], CultureInfo.InvariantCulture);
            Assert.Equal(next[thread]++, int.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        await ws.ExpectCloseAsync(1000);
    }

    [Fact]
    public async Task Sends_that_nobody_awaits_keep_their_order()
    {
        await using var app = await StartAsync(async ws =>
        {
            await ws.AcceptAsync();
            await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => ws.SendTextAsync($"{i}").AsTask()));
        });
        await using var ws = await app.ConnectAsync();
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal($"{i}", await ws.ReceiveTextAsync());
        }
    }

    [Fact]
    public async Task Receiving_and_sending_at_once()
    {
        await using var app = await StartAsync(async ws =>
        {
            await ws.AcceptAsync();
            async Task SendAsync()
            {
                for (var i = 0; i < 1000; i++)
                {
                    await ws.SendTextAsync($"{i}");
                }
            }

            var count = 0;
            async Task ReceiveAsync()
            {
                while (count < 1000 && await ws.ReceiveTextAsync() is not null)
                {
                    count++;
                }
            }

            await Task.WhenAll(SendAsync(), ReceiveAsync());
            await ws.SendTextAsync($"received {count}");
        });
        await using var ws = await app.ConnectAsync();
        for (var i = 0; i < 1000; i++)
        {
            await ws.SendTextAsync("x");
        }

        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal($"{i}", await ws.ReceiveTextAsync());
        }

        Assert.Equal("received 1000", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task Messages_that_a_stream_holds_up_come_after_it()
    {
        var gate = new GatedStream(new byte[40_000]);
        await using var app = await StartAsync(async ws =>
        {
            await ws.AcceptAsync();
            var streaming = ws.SendAsync(gate);
            await gate.Begun.Task;
            var texts = Enumerable.Range(0, 100).Select(i => ws.SendTextAsync($"{i}").AsTask()).ToList();
            gate.Go.SetResult();
            await streaming;
            await Task.WhenAll(texts);
        });
        await using var ws = await app.ConnectAsync();
        Assert.Equal(40_000, (await ws.ReceiveBytesAsync()).Length);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal($"{i}", await ws.ReceiveTextAsync());
        }
    }

    [Fact]
    public async Task A_second_receive_at_once_is_the_callers_error()
    {
        var error = new TaskCompletionSource<Exception?>();
        await using var app = await StartAsync(async ws =>
        {
            await ws.AcceptAsync();
            var first = ws.ReceiveTextAsync().AsTask();
            error.SetResult(await Record.ExceptionAsync(() => ws.ReceiveTextAsync().AsTask()));
            await ws.SendTextAsync((await first)!);
        });
        await using var ws = await app.ConnectAsync();
        Assert.IsType<InvalidOperationException>(await error.Task.WaitAsync(EndpointApp.Limit));
        await ws.SendTextAsync("still here");
        Assert.Equal("still here", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_receive_that_times_out_or_is_cancelled_loses_nothing()
    {
        var time = new ManualTime();
        var waiting = new TaskCompletionSource();
        await using var app = await StartAsync(
            async ws =>
            {
                await ws.AcceptAsync();
                using var cancelled = new CancellationTokenSource();
                var first = ws.ReceiveTextAsync(cancelled.Token).AsTask();
                await cancelled.CancelAsync();
                await Assert.ThrowsAsync<OperationCanceledException>(() => first);
                var second = ws.ReceiveTextAsync(TimeSpan.FromSeconds(30)).AsTask();
                waiting.SetResult();
                await Assert.ThrowsAsync<TimeoutException>(() => second);
                await ws.SendTextAsync("still there?");
                await ws.SendTextAsync((await ws.ReceiveTextAsync(TimeSpan.FromSeconds(30)))!);
            },
            time);
        await using var ws = await app.ConnectAsync();
        await waiting.Task.WaitAsync(EndpointApp.Limit);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("still there?", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("yes");
        Assert.Equal("yes", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_lagging_handler_slows_its_peer_and_gets_all()
    {
        const int Messages = 2_000;
        var go = new TaskCompletionSource();
        await using var app = await StartAsync(async ws =>
        {
            await ws.AcceptAsync();
            await go.Task;
            var next = 0;
            while (next < Messages && await ws.ReceiveBytesAsync() is { } bytes)
            {
                Assert.Equal(next++, BitConverter.ToInt32(bytes));
            }

            await ws.SendTextAsync($"{next}");
        });
        await using var ws = await app.ConnectAsync();
        var sent = 0;
        var sending = Task.Run(async () =>
        {
            var message = new byte[16 * 1024];
            for (; sent < Messages; sent++)
            {
                BitConverter.TryWriteBytes(message, sent);
                await ws.SendBytesAsync(message);
            }
        });

        // 32 MB are more than all buffers on the way hold: as long as nobody takes them, the sender can't be done.
        await Task.WhenAny(sending, WaitUntilStuckAsync(() => Volatile.Read(ref sent)));
        Assert.False(sending.IsCompleted);
        go.SetResult();
        await sending.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal($"{Messages}", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_peer_that_does_not_read_makes_senders_wait_then_is_closed()
    {
        var time = new ManualTime();
        var outcome = new TaskCompletionSource<(Exception? Error, int Sent)>();
        var sent = 0;
        await using var app = await StartAsync(
            async ws =>
            {
                var error = await Record.ExceptionAsync(async () =>
                {
                    for (; sent < 100_000; sent++)
                    {
                        await ws.SendBytesAsync(new byte[64 * 1024]);
                    }
                });
                outcome.SetResult((error, sent));
            },
            time);
        await using var ws = await app.ConnectAsync();
        ws.StopReading();
        await WaitUntilStuckAsync(() => Volatile.Read(ref sent));
        Assert.False(outcome.Task.IsCompleted);
        for (var i = 0; i < 40 && !outcome.Task.IsCompleted; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(outcome.Task, WaitUntilStuckAsync(() => 0));
        }

        var (error, count) = await outcome.Task.WaitAsync(EndpointApp.Limit);
        Assert.Equal(1013, Assert.IsType<WebSocketDisconnectException>(error).Code);
        Assert.InRange(count, 1, 1000);
    }

    [Fact]
    public async Task A_peer_that_reads_on_lets_senders_go_on()
    {
        await using var app = await StartAsync(async ws =>
        {
            for (var i = 0; i < 200; i++)
            {
                await ws.SendBytesAsync(new byte[64 * 1024]);
            }
        });
        await using var ws = await app.ConnectAsync();
        ws.StopReading();
        await WaitUntilStuckAsync(() => 0);
        ws.ResumeReading();
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(64 * 1024, (await ws.ReceiveBytesAsync()).Length);
        }

        await ws.ExpectCloseAsync(1000);
    }

    // Until a value stays the same for some 100 ms of yielding.
    private static async Task WaitUntilStuckAsync(Func<int> value)
    {
        var last = -1;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (value() != last && await timer.WaitForNextTickAsync())
        {
            last = value();
            await timer.WaitForNextTickAsync();
        }
    }

    private Task<EndpointApp> StartAsync(Func<WebSocketConnection, Task> handler, ManualTime? time = null) =>
        EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", handler), builder =>
        {
            if (time is not null)
            {
                builder.Services.AddSingleton<TimeProvider>(time);
            }
        });

    private sealed class GatedStream(byte[] content) : MemoryStream(content)
    {
        public TaskCompletionSource Begun { get; } = new();
        public TaskCompletionSource Go { get; } = new();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Begun.TrySetResult();
            await Go.Task;
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}

using Microsoft.Extensions.Logging;
using Tidings.Client.Tests.World;
using TestKit;

namespace Tidings.Client.Tests.Units;

/// <summary>Whatever the application's callbacks do, no task fails with nobody looking.</summary>
/// <remarks>Alone, since the garbage of a whole process is looked at.</remarks>
[Collection(nameof(Alone))]
public sealed class UnobservedTests : IDisposable
{
    private readonly List<Exception> _unobserved = [];

    public UnobservedTests() => TaskScheduler.UnobservedTaskException += Note;

    public static TheoryData<string> Failures => ["throws", "fails", "is cancelled"];

    public void Dispose() => TaskScheduler.UnobservedTaskException -= Note;

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_token_callback_that_fails_is_asked_again(string how)
    {
        await RunAsync(async () =>
        {
            var server = new ScriptedServer();
            var asked = 0;
            await using var client = server.Client(new TidingsClientOptions
            {
                Token = cancellation =>
                {
                    cancellation.Register(static () => throw new InvalidOperationException("of the application"));
                    return ++asked is 1 or 3 ? Fail(how) : ValueTask.FromResult<string?>("good");
                },
            });
            var connecting = client.ConnectAsync();
            var transport = await server.ConnectAsync();
            await connecting;
            await transport.SayAsync("""{"type":"token_expiring","in":30}""");
            await Eventually.EqualAsync(3, () => asked, "How often it was asked");
            Assert.Equal(ClientState.Connected, client.State);
        });
    }

    [Theory]
    [InlineData(ClientTransport.WebSocket)]
    [InlineData(ClientTransport.ServerSentEvents)]
    [InlineData(ClientTransport.LongPolling)]
    public async Task Handlers_that_throw_break_nothing_on_any_transport(ClientTransport kind)
    {
        await RunAsync(async () =>
        {
            await using var world = await EndToEnd.ClientServer.StartAsync();
            using var log = new LogCollector();
            var client = world.Client(new TidingsClientOptions
            {
                Transports = [kind],
                LoggerFactory = LoggerFactory.Create(logging => logging.AddProvider(log)),
            });
            client.StateChanged += static _ => throw new InvalidOperationException("of the application");
            client.ServerChannelTold += static _ => throw new InvalidOperationException("of the application");
            client.DirectReceived += static _ => throw new InvalidOperationException("of the application");
            await using var room = client.Subscribe("chat:a");
            await room.WaitAsync().WaitAsync(Eventually.Limit);
            await client.PublishAsync("chat:a", 1);
            await world.PublishAsync("all", 1, 1);
            world.Proxy.CutAll();
            await client.PublishAsync("chat:a", 2).WaitAsync(Eventually.Limit);
            await client.DisposeAsync();
            Assert.Contains(log.Lines, static line => line.Contains("handler of the application failed", StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task A_server_that_is_away_and_one_that_lies_leave_nothing_behind()
    {
        await RunAsync(async () =>
        {
            await using (var client = new TidingsClient(new Uri("ws://127.0.0.1:1/connect"), new TidingsClientOptions { MaxRetries = 0 }))
            {
                _ = client.Subscribe("chat:a");
                var error = await Assert.ThrowsAsync<TidingsDisconnectedException>(() => client.ConnectAsync());
                Assert.NotNull(error.InnerException);
                Assert.Contains("1006", error.Message, StringComparison.Ordinal);
            }

            await using var liar = await HostileServer.SayingAsync("5"u8.ToArray(), "[]"u8.ToArray());
            foreach (var kind in Enum.GetValues<ClientTransport>())
            {
                await using var client = new TidingsClient(liar.Url, new TidingsClientOptions { Transports = [kind], MaxRetries = 0 });
                await Assert.ThrowsAsync<TidingsDisconnectedException>(() => client.ConnectAsync());
            }
        });
    }

    [Fact]
    public async Task What_is_registered_with_the_end_of_a_task_may_throw()
    {
        await RunAsync(async () =>
        {
            await using var server = await HostileServer.StartAsync(static context =>
            {
                context.Response.StatusCode = 409;
                return Task.CompletedTask;
            });
            await using var client = new TidingsClient(server.Url);
            var reporter = client.ReportTask("t1");
            reporter.Ended.Register(static () => throw new InvalidOperationException("of the application"));
            await Eventually.TrueAsync(() => reporter.Ended.IsCancellationRequested, "It has ended");
            await reporter.DisposeAsync();
        });
    }

    private static ValueTask<string?> Fail(string how) => how switch
    {
        "throws" => throw new InvalidOperationException(how),
        "fails" => ValueTask.FromException<string?>(new InvalidOperationException(how)),
        _ => ValueTask.FromCanceled<string?>(new CancellationToken(canceled: true)),
    };

    // Another method: what it made is garbage afterwards.
    private async Task RunAsync(Func<Task> run)
    {
        Collect();
        lock (_unobserved)
        {
            _unobserved.Clear();
        }

        await run();
        Collect();
        lock (_unobserved)
        {
            Assert.Empty(_unobserved);
        }
    }

    private static void Collect()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private void Note(object? sender, UnobservedTaskExceptionEventArgs unobserved)
    {
        lock (_unobserved)
        {
            _unobserved.Add(unobserved.Exception);
        }
    }

    /// <summary>Tests beside which no others run.</summary>
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}

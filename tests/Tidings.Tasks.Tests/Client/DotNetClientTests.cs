using System.Text.Json;
using TestKit;
using Tidings.Brokers;
using Tidings.Client;
using Tidings.Protocol;

namespace Tidings.Tasks.Tests.Client;

/// <summary>The .NET client, watching and working.</summary>
public sealed class DotNetClientTests : IAsyncLifetime
{
    private const string ApiKey = "api-key-of-the-tests";
    private const string WorkerKey = "worker-key-of-the-tests";

    private TestServer _server = null!;
    private TidingsClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync("lanes", settings: [("Tidings:ApiKey", ApiKey), ("Tidings:WorkerKey", WorkerKey), ("Tidings:Tasks:Lease", "6s")]);
        _client = NewClient();
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(ClientTransport.WebSocket)]
    [InlineData(ClientTransport.ServerSentEvents)]
    [InlineData(ClientTransport.LongPolling)]
    public async Task A_worker_reports_and_a_viewer_sees_it_whatever_carries_it(ClientTransport transport)
    {
        await using var viewer = NewClient(options => options.Transports = [transport]);
        var started = await Tasks.StartAsync("outside");
        var task = viewer.WatchTask(started.Id);
        var seen = new List<TaskState>();
        var first = new TaskCompletionSource();
        var watching = Task.Run(async () =>
        {
            await foreach (var state in task)
            {
                seen.Add(state);
                first.TrySetResult();
            }
        });
        var waiting = task.ResultAsync<Rows>();
        await first.Task.WaitAsync(Eventually.Limit);
        await using (var reporter = _client.ReportTask(started.Id))
        {
            for (var i = 0; i <= 1000; i++)
            {
                reporter.Report(i / 10.0, $"{i} rows");
            }

            await reporter.CompleteAsync(new Rows(1000));
        }

        Assert.Equal(new Rows(1000), await waiting.WaitAsync(Eventually.Limit));
        await watching.WaitAsync(Eventually.Limit);
        Assert.Equal(WorkStatus.Completed, seen[^1].Status);
        Assert.Equal("1000 rows", seen[^1].Message);
        Assert.Equal(seen.OrderBy(static state => state.Progress).Select(static state => state.Progress), seen.Select(static state => state.Progress));
        Assert.Single(seen, static state => state.IsFinal);
        Assert.InRange(seen.Count, 2, 20);
    }

    [Fact]
    public async Task A_worker_hears_that_its_task_was_cancelled()
    {
        var started = await Tasks.StartJsonAsync("outside", default, new TaskStartOptions { AllowCancel = ChannelAccess.Anyone });
        await using var reporter = _client.ReportTask(started.Id);
        var ended = new TaskCompletionSource();
        await using var registration = reporter.Ended.Register(ended.SetResult);
        await _client.WatchTask(started.Id).CancelAsync();
        reporter.Report(50);
        await ended.Task.WaitAsync(Eventually.Limit);
        var refused = await Assert.ThrowsAsync<TidingsException>(() => reporter.CompleteAsync());
        Assert.Equal(ErrorCode.Conflict, refused.Code);
        var failed = await Assert.ThrowsAsync<TaskFailedException>(() => _client.WatchTask(started.Id).WaitAsync());
        Assert.Equal(WorkStatus.Cancelled, failed.State!.Status);
    }

    [Fact]
    public async Task Signs_of_life_keep_the_lease_and_without_them_the_worker_is_lost()
    {
        var started = await Tasks.StartAsync("outside");
        await using (_client.ReportTask(started.Id))
        {
            await Eventually.TrueAsync(async () => (await Tasks.FindAsync(started.Id))!.Status == WorkStatus.Running, () => "it runs");
            var began = TimeProvider.System.GetTimestamp();
            await Eventually.TrueAsync(() => TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(7), "more than a lease has passed");
            Assert.Equal(WorkStatus.Running, (await Tasks.FindAsync(started.Id))!.Status);
        }

        var lost = await Assert.ThrowsAsync<TaskFailedException>(() => _client.WatchTask(started.Id).WaitAsync().WaitAsync(Eventually.Limit));
        Assert.Equal("worker lost", lost.Message);
    }

    [Fact]
    public async Task What_may_not_be_done_fails_and_says_why()
    {
        Assert.Equal(ErrorCode.NotAllowed, (await Assert.ThrowsAsync<TidingsException>(() => _client.WatchTask("none").WaitAsync())).Code);
        Assert.Throws<ArgumentException>(() => _client.WatchTask("../x"));
        await using var nobody = NewClient(static options => options.WorkerKey = null);
        var started = await Tasks.StartAsync("outside");
        await using var reporter = nobody.ReportTask(started.Id);
        Assert.Equal(ErrorCode.Unauthorized, (await Assert.ThrowsAsync<TidingsException>(() => reporter.CompleteAsync())).Code);
        Assert.Throws<ArgumentOutOfRangeException>(() => reporter.Report(double.NaN));
        Assert.Equal(ErrorCode.NotAllowed, (await Assert.ThrowsAsync<TidingsException>(() => _client.WatchTask(started.Id).CancelAsync())).Code);
        Assert.Equal(WorkStatus.Pending, (await Tasks.FindAsync(started.Id))!.Status);
    }

    [Fact]
    public async Task The_final_report_arrives_though_the_server_was_away()
    {
        await using var proxy = new FaultProxy(_server.Port);
        await using var worker = NewClient(options => options.TasksAddress = new Uri($"http://127.0.0.1:{proxy.Port}/api/tasks"));
        var started = await Tasks.StartAsync("outside");
        await using var reporter = worker.ReportTask(started.Id);
        reporter.Report(10);
        await Eventually.TrueAsync(async () => (await Tasks.FindAsync(started.Id))!.Progress == 10, () => "it has begun");
        await proxy.StopListeningAsync();
        proxy.CutAll();
        reporter.Report(20);
        var finishing = reporter.CompleteAsync();
        proxy.Listen();
        await finishing.WaitAsync(Eventually.Limit);
        Assert.Equal(WorkStatus.Completed, (await Tasks.FindAsync(started.Id))!.Status);
    }

    [Fact]
    public async Task Lines_that_could_not_be_sent_are_sent_later_and_long_texts_are_cut()
    {
        await using var proxy = new FaultProxy(_server.Port);
        await using var worker = NewClient(options => options.TasksAddress = new Uri($"http://127.0.0.1:{proxy.Port}/api/tasks"));
        var started = await Tasks.StartAsync("outside");
        await using var reporter = worker.ReportTask(started.Id);
        reporter.Report(10);
        await Eventually.TrueAsync(async () => (await Tasks.FindAsync(started.Id))!.Progress == 10, () => "it has begun");
        proxy.Target = 0;
        proxy.CutAll();
        var before = proxy.Accepted;
        reporter.Log("one");
        reporter.Log(new string('x', 5000));
        reporter.Report(20, new string('ü', 5000));
        await Eventually.TrueAsync(() => proxy.Accepted > before, "it was tried in vain");
        proxy.Target = _server.Port;
        await Eventually.TrueAsync(async () => (await Tasks.FindAsync(started.Id))!.Progress == 20, () => "the report has come");
        await reporter.FailAsync(new string('ü', 5000)).WaitAsync(Eventually.Limit);
        var state = (await Tasks.FindAsync(started.Id))!;
        Assert.Equal((WorkStatus.Failed, new string('ü', 2048), new string('ü', 2048)), (state.Status, state.Message, state.Error));
        List<string?> lines = [];
        await Eventually.TrueAsync(async () =>
        {
            var part = await _server.Services.Node.Broker.ReadAsync(TaskId.LogOf(started.Id), new HistoryRequest(null, 100));
            lines = [.. part.Messages.SelectMany(static message => JsonElement.Parse(message.Data.ToJson().Span).GetProperty("lines").EnumerateArray()).Select(static line => line.GetString())];
            return lines.Count >= 2;
        }, () => string.Join('\n', lines));
        Assert.Equal(["one", new string('x', 1024)], lines);
    }

    [Fact]
    public async Task An_output_is_read_whole_through_connections_that_are_cut_and_ends_with_its_task()
    {
        await using var proxy = new FaultProxy(_server.Port);
        await using var viewer = new TidingsClient(new Uri($"ws://127.0.0.1:{proxy.Port}/connect"), new TidingsClientOptions());
        var id = (await Tasks.StartAsync("outside")).Id;
        var seen = new System.Text.StringBuilder();
        var reading = Task.Run(async () =>
        {
            await foreach (var part in viewer.WatchTask(id).OutputAsync())
            {
                Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(seen.ToString()), part.Offset);
                seen.Append(part.Text);
            }
        });
        var outputs = _server.Services.Node.Tasks.Registry.Outputs;
        var written = "";
        for (var i = 0; i < 40; i++)
        {
            var chunk = $"{i} ä€😀\n";
            await outputs.AppendAsync(id, System.Text.Encoding.UTF8.GetBytes(chunk), System.Text.Encoding.UTF8.GetByteCount(written), isBinary: false);
            written += chunk;
            if (i % 13 == 5)
            {
                await Eventually.TrueAsync(() => Task.FromResult(seen.Length > 0), () => "something is seen");
                proxy.CutAll();
            }
        }

        await using (var reporter = _client.ReportTask(id))
        {
            await reporter.CompleteAsync();
        }

        await reading.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(written, seen.ToString());
        Assert.Equal(WorkStatus.Completed, (await viewer.WatchTask(id).WaitAsync()).Status);
    }

    [Fact]
    public async Task Reading_an_output_opens_no_connection_and_ends_with_the_client()
    {
        var id = (await Tasks.StartAsync("outside")).Id;
        await _server.Services.Node.Tasks.Registry.Outputs.AppendAsync(id, "one "u8.ToArray(), 0, isBinary: false);
        var viewer = NewClient();
        var first = new TaskCompletionSource();
        var reading = Task.Run(async () =>
        {
            await foreach (var part in viewer.WatchTask(id).OutputAsync())
            {
                Assert.Equal("one ", part.Text);
                first.TrySetResult();
            }
        });
        await first.Task.WaitAsync(Eventually.Limit);
        Assert.Equal(ClientState.Idle, viewer.State);
        await viewer.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading.WaitAsync(Eventually.Limit));
        Assert.Throws<ObjectDisposedException>(() => viewer.WatchTask(id).OutputAsync());
    }

    [Fact]
    public async Task An_output_that_is_not_there_fails_the_loop()
    {
        var error = await Assert.ThrowsAsync<TidingsException>(async () =>
        {
            await foreach (var part in _client.WatchTask("none").OutputAsync())
            {
                Assert.Fail($"{part}");
            }
        });
        Assert.Equal((ErrorCode.NotAllowed, "Task not found"), (error.Code, error.Message));
    }

    private ITasks Tasks => _server.Services.Node.Tasks.Facade;

    private TidingsClient NewClient(Action<TidingsClientOptions>? configure = null)
    {
        var options = new TidingsClientOptions { WorkerKey = WorkerKey };
        configure?.Invoke(options);
        return new TidingsClient(new Uri(_server.Url, "/connect"), options);
    }

    private sealed record Rows(int Count);
}

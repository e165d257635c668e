using System.Text;
using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.Tasks.Tests.Units;

/// <summary>Outputs of tasks of this process, on manual time.</summary>
public sealed class TaskOutputTests : TaskEngineWorld
{
    private readonly FaultyStreams _faulty = new(new MemoryStreamStore(new SenderShares(1024 * 1024)));

    private protected override IStreamStore StreamsOfEngine => _faulty;

    [Fact]
    public async Task A_character_that_is_cut_between_two_writes_is_whole_and_half_of_one_is_told_as_such()
    {
        long length = 0;
        Kind("cut", async (run, token) =>
        {
            foreach (var part in new[] { "a\ud83d", "\ude00b", "\ud83d", "c", "\ud83d" })
            {
                await run.Output.WriteAsync(part, token);
            }

            length = run.Output.Length;
            return default;
        });
        await StartAsync("cut", id: "a");
        await EndAsync("a");
        Assert.Equal("a😀b\ufffdc\ufffd", Encoding.UTF8.GetString((await OutputAsync("a")).Bytes.Span));
        Assert.Equal(10, length);
    }

    [Fact]
    public async Task What_is_written_is_the_output_and_ends_with_the_task()
    {
        Kind("say", async (run, token) =>
        {
            for (var i = 0; i < 100; i++)
            {
                await run.Output.WriteAsync($"{i} ä ", token);
            }

            Assert.Equal(100 * 4 + 90 + 100, (int)run.Output.Length);
            return default;
        });
        await StartAsync("say", id: "a");
        Assert.Equal(WorkStatus.Completed, (await EndAsync("a")).Status);
        var part = await OutputAsync("a");
        Assert.Equal(string.Concat(Enumerable.Range(0, 100).Select(static i => $"{i} ä ")), Encoding.UTF8.GetString(part.Bytes.Span));
        Assert.Equal((true, "completed"), (part.IsText, part.Status));
    }

    [Fact]
    public async Task Chunks_are_gathered_and_what_is_written_after_a_rest_goes_at_once()
    {
        var go = new SemaphoreSlim(0);
        Kind("say", async (run, token) =>
        {
            await run.Output.WriteAsync("first", token);
            await go.WaitAsync(token);
            for (var i = 0; i < 50; i++)
            {
                await run.Output.WriteAsync("x", token);
            }

            await go.WaitAsync(token);
            return default;
        });
        await StartAsync("say", id: "a");
        await LengthAsync("a", 5);
        var writes = _faulty.Appends;
        go.Release();
        await LengthAsync("a", 55);
        Assert.InRange(_faulty.Appends - writes, 1, 2);
        go.Release();
        await EndAsync("a");
    }

    [Fact]
    public async Task A_writer_waits_while_nothing_can_be_kept_and_no_byte_is_lost_or_doubled()
    {
        _faulty.IsAway = true;
        var written = 0;
        Kind("say", async (run, token) =>
        {
            for (var i = 0; i < 30; i++)
            {
                await run.Output.WriteAsync(new string((char)('A' + i), 10_000), token);
                Volatile.Write(ref written, i + 1);
            }

            return default;
        });
        await StartAsync("say", id: "a");
        await TestKit.Eventually.TrueAsync(() => { _time.Advance(Tick); return Task.FromResult(Volatile.Read(ref written) >= 7); }, () => $"{written} are written");
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(Tick);
        }

        Assert.InRange(Volatile.Read(ref written), 7, 14);
        _faulty.IsAway = false;
        _faulty.LosesAnswers = 5;
        Assert.Equal(WorkStatus.Completed, (await EndAsync("a")).Status);
        Assert.Equal(string.Concat(Enumerable.Range(0, 30).Select(static i => new string((char)('A' + i), 10_000))), Encoding.UTF8.GetString((await OutputAsync("a")).Bytes.Span));
    }

    [Theory]
    [InlineData(WorkStatus.Failed, "failed")]
    [InlineData(WorkStatus.Cancelled, "cancelled")]
    public async Task A_task_that_ends_otherwise_ends_its_output_so_and_its_code_hears_it(WorkStatus status, string ended)
    {
        var stopped = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        Kind("say", async (run, token) =>
        {
            try
            {
                while (true)
                {
                    await run.Output.WriteAsync("word ", token);
                    await Task.Delay(TimeSpan.FromMilliseconds(10), _time, token);
                }
            }
            catch (Exception error)
            {
                stopped.SetResult(error);
                throw;
            }
        });
        await StartAsync("say", id: "a");
        await LengthAsync("a", 5);
        await ReportAsync("a", new TaskReport { Status = status });
        Assert.IsAssignableFrom<OperationCanceledException>(await stopped.Task.WaitAsync(TimeSpan.FromSeconds(10)));
        await TestKit.Eventually.TrueAsync(async () => { _time.Advance(Tick); return (await OutputAsync("a")).Status == ended; }, () => "the output has ended");
        Assert.Equal(StreamVerdict.Closed, (await Engine.Registry.Outputs.AppendAsync("a", new byte[1], null, false)).Verdict);
    }

    [Fact]
    public async Task A_producer_that_dies_ends_its_output_as_failed()
    {
        await StartAsync("outside", id: "a");
        await ReportAsync("a", new TaskReport());
        Assert.Equal(StreamVerdict.Appended, (await Engine.Registry.Outputs.AppendAsync("a", "half a sen"u8.ToArray(), 0, false)).Verdict);
        Assert.Equal((WorkStatus.Failed, "worker lost"), Ended(await EndAsync("a", TimeSpan.FromSeconds(1))));
        await TestKit.Eventually.TrueAsync(async () => { _time.Advance(Tick); return (await OutputAsync("a")).Status == "failed"; }, () => "the output has ended");
    }

    [Fact]
    public async Task Too_much_output_fails_the_task_and_says_which_option()
    {
        _options.OutputBytes = 1024;
        Kind("say", async (run, token) =>
        {
            await run.Output.WriteAsync(new byte[1024], token);
            await run.Output.WriteAsync(new byte[1], token);
            return default;
        });
        await StartAsync("say", id: "a");
        var (status, error) = Ended(await EndAsync("a"));
        Assert.Equal(WorkStatus.Failed, status);
        Assert.Contains("Tidings:Tasks:OutputBytes", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_output_is_forgotten_with_its_task_and_one_that_never_began_ends_too()
    {
        Kind("say", async (run, token) =>
        {
            await run.Output.WriteAsync("x", token);
            return default;
        });
        Kind("silent", (_, _) => Result("1"));
        await StartAsync("say", id: "a");
        await StartAsync("silent", id: "b");
        await EndAsync("a");
        await EndAsync("b");
        Assert.Equal((0L, "completed"), ((await OutputAsync("b")).Length, (await OutputAsync("b")).Status));
        await TestKit.Eventually.TrueAsync(
            async () => { _time.Advance(TimeSpan.FromSeconds(5)); return await Engine.Registry.Outputs.ReadAsync("a", 0, 10) is null && (await _faulty.CountAsync()).Streams == 0; },
            () => "the output is forgotten");
    }

    private async Task<OutputPart> OutputAsync(string id) => (await Engine.Registry.Outputs.ReadAsync(id, 0, 1024 * 1024))!.Value;

    private Task LengthAsync(string id, long length) =>
        TestKit.Eventually.TrueAsync(async () => { _time.Advance(TimeSpan.FromMilliseconds(20)); return (await OutputAsync(id)).Length >= length; }, () => $"{length} bytes are there");
}

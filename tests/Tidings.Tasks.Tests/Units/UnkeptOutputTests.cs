using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.Tasks.Tests.Units;

/// <summary>Output that cannot be kept is never passed over in silence: no task is completed without it, and no producer is told that it is kept.</summary>
public sealed class UnkeptOutputTests : TaskEngineWorld
{
    private readonly FaultyStreams _faulty = new(new MemoryStreamStore(new SenderShares(1024 * 1024)));

    private protected override IStreamStore StreamsOfEngine => _faulty;

    [Fact]
    public async Task What_is_written_first_when_the_task_has_just_ended_is_refused_as_its_viewers_were_told_that_there_is_nothing()
    {
        await StartAsync("outside", id: "a");
        OutputPart? seen = null;
        _faulty.OnMaking = async () =>
        {
            await ReportAsync("a", new TaskReport { Status = WorkStatus.Completed });
            seen = await Engine.Registry.Outputs.ReadAsync("a", 0, 100);
        };
        var appended = await Engine.Registry.Outputs.AppendAsync("a", "late"u8.ToArray(), 0, isBinary: false);
        Assert.Equal((0L, "completed"), (seen!.Value.Length, seen.Value.Status));
        Assert.Equal(StreamVerdict.Closed, appended.Verdict);
        var output = (await Engine.Registry.Outputs.ReadAsync("a", 0, 100))!.Value;
        Assert.Equal((0L, "completed"), (output.Length, output.Status));
    }

    [Fact]
    public async Task An_output_that_begins_when_its_task_is_forgotten_is_forgotten_too()
    {
        await StartAsync("outside", id: "a");
        _faulty.OnMaking = async () => await _store.RemoveAsync("a", (await _store.FindAsync("a"))!.Version);
        Assert.Equal(StreamVerdict.NotFound, (await Engine.Registry.Outputs.AppendAsync("a", "late"u8.ToArray(), 0, isBinary: false)).Verdict);
        Assert.Equal(0, (await _faulty.CountAsync()).Streams);
    }

    [Fact]
    public async Task A_task_whose_last_words_another_writer_kept_out_has_failed()
    {
        var go = new TaskCompletionSource();
        Kind("say", async (run, token) =>
        {
            await go.Task;
            await run.Output.WriteAsync("last words", token);
            return default;
        });
        await StartAsync("say", id: "a");
        await StatusAsync("a", WorkStatus.Running);
        Assert.Equal(StreamVerdict.Appended, (await Engine.Registry.Outputs.AppendAsync("a", "other words"u8.ToArray(), 0, isBinary: false)).Verdict);
        go.SetResult();
        Assert.Equal((WorkStatus.Failed, "The end of the output could not be kept."), Ended(await EndAsync("a")));
    }

    [Fact]
    public async Task A_server_that_stops_while_the_output_cannot_be_kept_does_not_say_that_the_task_is_completed()
    {
        var said = new TaskCompletionSource();
        Kind("say", async (run, token) =>
        {
            _faulty.IsAway = true;
            await run.Output.WriteAsync("last words", token);
            said.SetResult();
            return default;
        });
        await StartAsync("say", id: "a");
        await said.Task;
        var stopping = Engine.StopAsync(CancellationToken.None);
        await TestKit.Eventually.TrueAsync(() => { _time.Advance(Tick); return Task.FromResult(stopping.IsCompleted); }, () => "the server has stopped");
        Assert.Equal((WorkStatus.Failed, "The end of the output could not be kept."), Ended((await _store.FindAsync("a"))!.State));
    }
}

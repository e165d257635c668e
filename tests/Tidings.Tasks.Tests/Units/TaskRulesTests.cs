using TestKit;

namespace Tidings.Tasks.Tests.Units;

public sealed class TaskRulesTests
{
    private static readonly TaskState Running = new() { Id = "t", Name = "import", Status = WorkStatus.Running, Progress = 40, Message = "40 of 100" };
    private static readonly TaskState Done = Running with { Status = WorkStatus.Completed, Progress = 100, Result = "{\"a\":1}"u8.ToArray() };

    [Theory]
    [InlineData(-0.001)]
    [InlineData(100.001)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Progress_out_of_range_is_a_fault(double progress) =>
        Assert.Equal("progress", TaskRules.Fault(new TaskReport { Progress = progress }, 100)?.Field);

    [Fact]
    public void What_does_not_go_together_or_is_too_large_is_a_fault()
    {
        Assert.Equal("status", Field(new TaskReport { Status = WorkStatus.Pending }));
        Assert.Equal("error", Field(new TaskReport { Status = WorkStatus.Completed, Error = "no" }));
        Assert.Equal("result", Field(new TaskReport { Status = WorkStatus.Failed, Result = new byte[1] }));
        Assert.Equal("result", Field(new TaskReport { Status = WorkStatus.Completed, Result = new byte[101] }));
        Assert.Null(Field(new TaskReport { Status = WorkStatus.Completed, Result = new byte[100], Progress = 0, Message = new string('ü', 2048) }));

        static string? Field(TaskReport report) => TaskRules.Fault(report, 100)?.Field;
    }

    [Fact]
    public void Less_progress_is_ignored_with_all_that_comes_with_it() =>
        Assert.Equal((TaskVerdict.Ignored, Running), TaskRules.Apply(Running, new TaskReport { Progress = 39.9, Message = "older" }));

    [Fact]
    public void A_message_alone_changes_the_message_alone() =>
        Assert.Equal((TaskVerdict.Changed, Running with { Message = "still" }), TaskRules.Apply(Running, new TaskReport { Message = "still" }));

    [Fact]
    public void A_sign_of_life_begins_the_task_and_changes_nothing_after()
    {
        Assert.Equal(WorkStatus.Running, TaskRules.Apply(Running with { Status = WorkStatus.Pending }, TaskReport.Alive).State.Status);
        Assert.Equal((TaskVerdict.Ignored, Running), TaskRules.Apply(Running, TaskReport.Alive));
    }

    [Fact]
    public void Completed_sets_progress_to_100_and_failed_leaves_it()
    {
        Assert.Equal(100, TaskRules.Apply(Running, new TaskReport { Status = WorkStatus.Completed, Progress = 10 }).State.Progress);
        Assert.Equal(40, TaskRules.Apply(Running, new TaskReport { Status = WorkStatus.Failed, Progress = 10, Error = "no" }).State.Progress);
    }

    [Fact]
    public void After_the_end_a_repeat_is_accepted_and_nothing_else()
    {
        Assert.Equal(TaskVerdict.Repeated, Verdict(new TaskReport { Status = WorkStatus.Completed }));
        Assert.Equal(TaskVerdict.Repeated, Verdict(new TaskReport { Status = WorkStatus.Completed, Result = "{ \"a\" : 1 }"u8.ToArray(), Progress = 100 }));
        Assert.Equal(TaskVerdict.Conflict, Verdict(new TaskReport { Status = WorkStatus.Completed, Result = "{\"a\":2}"u8.ToArray() }));
        Assert.Equal(TaskVerdict.Conflict, Verdict(new TaskReport { Status = WorkStatus.Completed, Message = "other" }));
        Assert.Equal(TaskVerdict.Conflict, Verdict(new TaskReport { Status = WorkStatus.Failed }));
        Assert.Equal(TaskVerdict.Conflict, Verdict(new TaskReport { Progress = 10 }));
        Assert.Equal(TaskVerdict.Conflict, Verdict(TaskReport.Alive));

        static TaskVerdict Verdict(TaskReport report) => TaskRules.Apply(Done, report).Verdict;
    }

    [Fact]
    public void Whatever_is_reported_progress_never_goes_back_and_the_end_stays() => Seeds.Each(2000, static random =>
    {
        var state = new TaskState { Id = "t", Name = "x" };
        TaskState? shown = null;
        for (var i = 0; i < 50; i++)
        {
            var status = (WorkStatus?)(random.Next(12) switch { 0 => WorkStatus.Completed, 1 => WorkStatus.Failed, 2 => WorkStatus.Cancelled, < 8 => WorkStatus.Running, _ => null });
            var report = new TaskReport { Status = status, Progress = random.Next(3) == 0 ? null : random.Next(101), Message = random.Next(2) == 0 ? null : $"{i}" };
            var (verdict, next) = TaskRules.Apply(state, report);
            Assert.True(next.Progress >= state.Progress && next.Status >= state.Status);
            Assert.True(!state.IsFinal || next.Equals(state));
            Assert.Equal(verdict == TaskVerdict.Changed, !next.Equals(state));
            Assert.Equal(verdict == TaskVerdict.Changed || shown is null, next.Follows(shown));
            (state, shown) = (next, next);
        }
    });

    [Fact]
    public void A_state_is_read_as_it_was_written()
    {
        foreach (var state in new[] { Running, Done, Done with { Status = WorkStatus.Failed, Error = "\u2028<\"", Progress = 33.3333, Result = default }, Running with { Message = null } })
        {
            Assert.Equal(state, Protocol.TaskStateJson.Read(Protocol.TaskStateJson.Write(state)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"task_id":"a","name":"n","status":"odd","progress":1}""")]
    [InlineData("""{"task_id":"../a","name":"n","status":"running","progress":1}""")]
    [InlineData("""{"task_id":"a","name":"n","status":"running","progress":1e400}""")]
    [InlineData("""{"task_id":"a","name":"n","status":"running","progress":"1"}""")]
    [InlineData("""{"task_id":"a","name":"\ud800","status":"running","progress":1}""")]
    [InlineData("""{"task_id":"a","name":"n","status":"running","progress":1""")]
    public void What_is_no_state_is_not_read(string json) => Assert.Null(Protocol.TaskStateJson.Read(System.Text.Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(".a")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a:log")]
    [InlineData("a b")]
    [InlineData("a\0")]
    [InlineData("%2e")]
    public void Path_tricks_are_no_ids(string id) => Assert.False(Protocol.TaskId.IsValid(id));
}

using System.Text;
using Microsoft.Extensions.AI;

namespace Tidings.Tasks.Tests.Models;

/// <summary>Answers of models as tasks.</summary>
public sealed class ChatTaskTests : IAsyncLifetime
{
    private ModelWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await ModelWorld.StartAsync();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task What_a_model_says_is_the_output_and_how_it_ended_the_result()
    {
        var id = (await _world.Tasks.StartAsync("answer", ChatTaskRequest.Ask("why?"))).Id;
        _world.Model.Say("Be", "", "cause \uD83D", "\uDE00.");
        _world.Model.Say(new ChatResponseUpdate { FinishReason = ChatFinishReason.Length, Contents = [new UsageContent(new UsageDetails { InputTokenCount = 3, OutputTokenCount = 4 })] });
        _world.Model.End();
        var end = await _world.EndOfAsync(id);
        Assert.Equal((WorkStatus.Completed, """{"finishReason":"length","inputTokens":3,"outputTokens":4}"""), (end.Status, Encoding.UTF8.GetString(end.Result.Span)));
        Assert.Equal(("Because 😀.", true), await _world.OutputAsync(id, int.MaxValue));
        var asked = Assert.Single(_world.Model.Asked);
        Assert.Equal((ChatRole.User, "why?", "Be brief."), (asked.Role, asked.Text, _world.Model.Options!.Instructions));
    }

    [Fact]
    public async Task Cancelling_stops_the_model_and_what_was_said_stays()
    {
        var id = (await _world.Tasks.StartAsync("answer", ChatTaskRequest.Ask("why?"))).Id;
        _world.Model.Say("Because ");
        Assert.Equal(("Because ", false), await _world.OutputAsync(id, 8));
        using var cancelled = await _world.Http.DeleteAsync(new Uri($"/api/tasks/{id}", UriKind.Relative));
        Assert.True(cancelled.IsSuccessStatusCode);
        await _world.Model.Cancelled.Task.WaitAsync(TestKit.Eventually.Limit);
        Assert.Equal(WorkStatus.Cancelled, (await _world.EndOfAsync(id)).Status);
        Assert.Equal(("Because ", true), await _world.OutputAsync(id, int.MaxValue));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_the_model_fails_the_task_fails_and_says_nothing_of_the_error(bool inWords)
    {
        var id = (await _world.Tasks.StartAsync("answer", ChatTaskRequest.Ask("why?"))).Id;
        _world.Model.Say("Because ");
        if (inWords)
        {
            _world.Model.Say(new ChatResponseUpdate { Contents = [new ErrorContent("the key sk-123 is over its quota")] });
        }
        else
        {
            _world.Model.End(new HttpRequestException("the key sk-123 is over its quota"));
        }

        var end = await _world.EndOfAsync(id);
        Assert.Equal((WorkStatus.Failed, "Internal error"), (end.Status, end.Error));
        Assert.Equal(("Because ", true), await _world.OutputAsync(id, int.MaxValue));
    }

    [Theory]
    [InlineData("""{"messages":[]}""")]
    [InlineData("""{}""")]
    [InlineData("""{"messages":[{"role":"user"}]}""")]
    [InlineData("""{"messages":[null]}""")]
    [InlineData("""7""")]
    public async Task Without_a_question_the_model_is_not_asked(string json)
    {
        var id = (await _world.Tasks.StartJsonAsync("answer", Encoding.UTF8.GetBytes(json))).Id;
        var end = await _world.EndOfAsync(id);
        Assert.Equal(WorkStatus.Failed, end.Status);
        Assert.StartsWith("Invalid data: ", end.Error, StringComparison.Ordinal);
        Assert.Null(_world.Model.Options);
    }
}

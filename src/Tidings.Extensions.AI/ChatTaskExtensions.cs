using Microsoft.Extensions.AI;
using Tidings;
using Tidings.Extensions.AI.Chats;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Answers of language models as tasks.</summary>
public static class ChatTaskExtensions
{
    /// <summary>Names a kind of tasks that asks a model: what it is given is a <see cref="ChatTaskRequest"/>, its output the text of the answer as it comes, its result a <see cref="ChatTaskResult"/>.</summary>
    /// <remarks>
    /// Where the task is cancelled, takes too long or the process stops, the <see cref="CancellationToken"/> that the model has fires. Where the model fails, the task fails: the error is logged, and those who watch read
    /// "Internal error", unless it is a <see cref="TaskFailedException"/>. What was said before stays in the output.
    /// </remarks>
    /// <param name="tasks">What <c>MapTasks</c> gave.</param>
    /// <param name="name">The kind's name: 1 to 128 bytes of letters and digits and <c>_ . : - @</c>.</param>
    /// <param name="configure">Which model is asked, and how; null for the registered <see cref="IChatClient"/>.</param>
    /// <exception cref="ArgumentException">There is such a kind already, or the name cannot be one.</exception>
    public static TaskKindBuilder MapChat(this TasksBuilder tasks, string name, Action<ChatTaskOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        var options = new ChatTaskOptions();
        configure?.Invoke(options);
        return tasks.Map(
            name,
            (ChatTaskRequest request, TaskOutput output, IServiceProvider services, CancellationToken cancellationToken) =>
                new ChatRun(options.Client(services), options.Options?.Clone(), output).AnswerAsync(request, cancellationToken));
    }
}

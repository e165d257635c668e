using Microsoft.Extensions.AI;

namespace Tidings;

/// <summary>What a chat task is given: the conversation so far, the question at its end.</summary>
/// <param name="Messages">At least one message.</param>
public sealed record ChatTaskRequest(IReadOnlyList<ChatTaskMessage> Messages)
{
    /// <summary>A conversation that begins with this question.</summary>
    /// <param name="text">What the user asks.</param>
    public static ChatTaskRequest Ask(string text) => new([new ChatTaskMessage("user", text)]);

    internal IEnumerable<ChatMessage> ToMessages() =>
        Messages is { Count: > 0 } && Messages.All(static message => message is { Role.Length: > 0, Content: not null })
            ? Messages.Select(static message => new ChatMessage(new ChatRole(message.Role), message.Content))
            : throw new TaskFailedException("Invalid data: messages must have at least one message, each with role and content.");
}

/// <summary>A message of a conversation.</summary>
/// <param name="Role">Who says it: <c>system</c>, <c>user</c>, <c>assistant</c>, or another role that the model knows.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatTaskMessage(string Role, string Content);

/// <summary>The result of a chat task; the answer itself is the task's output.</summary>
/// <param name="FinishReason">Why the model stopped, as <c>stop</c> or <c>length</c>; null where it did not say.</param>
/// <param name="InputTokens">How many tokens it read; null where it did not say.</param>
/// <param name="OutputTokens">How many it wrote; null where it did not say.</param>
public sealed record ChatTaskResult(string? FinishReason, long? InputTokens, long? OutputTokens);

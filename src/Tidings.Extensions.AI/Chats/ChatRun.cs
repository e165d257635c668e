using Microsoft.Extensions.AI;

namespace Tidings.Extensions.AI.Chats;

/// <summary>One answer of a model, written to the output of its task.</summary>
internal sealed class ChatRun(IChatClient model, ChatOptions? options, TaskOutput output)
{
    private string _unfinished = "";

    public async Task<ChatTaskResult> AnswerAsync(ChatTaskRequest request, CancellationToken cancellationToken)
    {
        string? reason = null;
        UsageDetails? usage = null;
        await foreach (var update in model.GetStreamingResponseAsync(request.ToMessages(), options, cancellationToken).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            foreach (var content in update.Contents)
            {
                switch (content)
                {
                    case TextContent { Text.Length: > 0 } said:
                        await WriteAsync(said.Text, cancellationToken).ConfigureAwait(false);
                        break;
                    case UsageContent used:
                        (usage ??= new UsageDetails()).Add(used.Details);
                        break;
                    case ErrorContent error:
                        throw new InvalidOperationException($"The model reports an error: {error.ErrorCode} {error.Message}");
                }
            }

            reason = update.FinishReason?.Value ?? reason;
        }

        await output.WriteAsync(_unfinished, cancellationToken).ConfigureAwait(false);
        return new ChatTaskResult(reason, usage?.InputTokenCount, usage?.OutputTokenCount);
    }

    // Half of a character is written with its other half.
    private ValueTask WriteAsync(string text, CancellationToken cancellationToken)
    {
        text = _unfinished + text;
        _unfinished = char.IsHighSurrogate(text[^1]) ? text[^1..] : "";
        return output.WriteAsync(text[..^_unfinished.Length], cancellationToken);
    }
}

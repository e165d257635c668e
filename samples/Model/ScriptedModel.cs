using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Samples.Model;

/// <summary>A model that says a given text, word by word, whatever it is asked.</summary>
/// <param name="script">The text.</param>
/// <param name="pause">Milliseconds between two words.</param>
internal sealed class ScriptedModel(string script, int pause) : IChatClient
{
    public const string Fable = """
        A crow sat in a tree with a piece of cheese. A fox below wanted it. “What a fine bird you are,” said the fox. “If only your voice were as fine as your feathers, you would be the queen of all birds!”
        The crow was so pleased that it opened its beak to sing, and the cheese fell straight into the mouth of the fox. “Thank you,” said the fox. “Your voice is well enough, I hear. What you lack is sense.” 🧀

        """;

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var at = 0; at < script.Length;)
        {
            var end = script.IndexOf(' ', at) is >= 0 and var space ? space + 1 : script.Length;
            await Task.Delay(pause, cancellationToken);
            yield return new ChatResponseUpdate(ChatRole.Assistant, script[at..end]);
            at = end;
        }

        yield return new ChatResponseUpdate { FinishReason = ChatFinishReason.Stop };
    }

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }
}

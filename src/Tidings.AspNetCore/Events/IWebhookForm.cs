using System.Net.Http.Headers;
using Tidings.Events;

namespace Tidings.AspNetCore.Events;

/// <summary>What a POST with events looks like, and how it is signed.</summary>
internal interface IWebhookForm
{
    /// <summary>The body, JSON; empty where none of the events has a word in this form, and nothing is posted.</summary>
    ReadOnlyMemory<byte> BodyOf(IReadOnlyList<QueuedEvent> events, DateTimeOffset now);

    /// <summary>Adds the headers that say who sends it.</summary>
    /// <param name="headers">Where to.</param>
    /// <param name="id">The same for the same events.</param>
    /// <param name="now">When it is sent.</param>
    /// <param name="body">What <see cref="BodyOf"/> made.</param>
    void Sign(HttpRequestHeaders headers, string id, DateTimeOffset now, ReadOnlySpan<byte> body);
}

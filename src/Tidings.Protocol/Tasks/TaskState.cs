using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tidings;

/// <summary>What is known of a task. Immutable.</summary>
public sealed record TaskState
{
    /// <summary>The task's id, by which it is watched, reported and cancelled.</summary>
    public required string Id { get; init; }

    /// <summary>What kind of work it is.</summary>
    public required string Name { get; init; }

    /// <summary>How far it has come.</summary>
    public WorkStatus Status { get; init; }

    /// <summary>From 0 to 100; it never goes back, and is 100 where <see cref="Status"/> is <see cref="WorkStatus.Completed"/>.</summary>
    public double Progress { get; init; }

    /// <summary>What the worker said last, or null.</summary>
    public string? Message { get; init; }

    /// <summary>What came of it, as JSON; empty where there is nothing.</summary>
    public ReadOnlyMemory<byte> Result { get; init; }

    /// <summary>Why it failed, in words for people; or null.</summary>
    public string? Error { get; init; }

    /// <summary>Whether it has ended: nothing of it changes any more.</summary>
    public bool IsFinal => Status >= WorkStatus.Completed;

    /// <summary>The result as a value.</summary>
    /// <param name="type">How it is read, from a source-generated context.</param>
    /// <returns>The value; default where there is no result.</returns>
    /// <exception cref="JsonException">It is something else.</exception>
    public T? ReadResult<T>(JsonTypeInfo<T> type) => Result.IsEmpty ? default : JsonSerializer.Deserialize(Result.Span, type);

    /// <summary>The result as a value, read by reflection.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    [RequiresUnreferencedCode("The result is read by reflection; use the overload with a JsonTypeInfo.")]
    [RequiresDynamicCode("The result is read by reflection; use the overload with a JsonTypeInfo.")]
    public T? ReadResult<T>() => Result.IsEmpty ? default : JsonSerializer.Deserialize<T>(Result.Span, JsonSerializerOptions.Web);

    /// <inheritdoc/>
    public bool Equals(TaskState? other) =>
        other is not null && Id == other.Id && Name == other.Name && Status == other.Status && Progress.Equals(other.Progress)
        && Message == other.Message && Error == other.Error && Result.Span.SequenceEqual(other.Result.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Status, Progress);

    /// <summary>Whether it may be shown after <paramref name="shown"/>: it says something else, and nothing in it goes back.</summary>
    internal bool Follows(TaskState? shown) =>
        shown is null || (!shown.IsFinal && Status >= shown.Status && (IsFinal || Progress >= shown.Progress) && !Equals(shown));
}

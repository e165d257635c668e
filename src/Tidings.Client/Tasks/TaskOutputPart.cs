namespace Tidings.Client;

/// <summary>A part of a task's output.</summary>
/// <param name="Offset">The place of its first byte.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Text">The same as text, in whole characters; null where the task writes bytes.</param>
public sealed record TaskOutputPart(long Offset, ReadOnlyMemory<byte> Bytes, string? Text);

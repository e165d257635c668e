namespace Tidings;

/// <summary>What a worker says of its task's progress.</summary>
/// <param name="Progress">From 0 to 100; null where it stays as it was.</param>
/// <param name="Message">In words for people, at most 4,096 bytes; what is longer is cut off. Null where it stays as it was.</param>
public sealed record TaskUpdate(double? Progress, string? Message = null);

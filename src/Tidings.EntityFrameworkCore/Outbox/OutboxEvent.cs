namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>Something to publish when its transaction has been committed.</summary>
/// <param name="Channel">Where.</param>
/// <param name="Key">What it is about, or null.</param>
/// <param name="Data">JSON without line breaks.</param>
/// <param name="Hidden">What feeds alone see, or null.</param>
internal sealed record OutboxEvent(string Channel, string? Key, byte[] Data, byte[]? Hidden);

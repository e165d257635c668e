namespace Tidings.Tests.Security;

/// <summary>A clock that stands until it is set. Tokens under test are written around <see cref="Start"/>, a round number of seconds.</summary>
internal sealed class TokenClock : TimeProvider
{
    internal const long Start = 1_800_000_000;

    internal DateTimeOffset Now { get; set; } = DateTimeOffset.FromUnixTimeSeconds(Start);

    public override DateTimeOffset GetUtcNow() => Now;
}

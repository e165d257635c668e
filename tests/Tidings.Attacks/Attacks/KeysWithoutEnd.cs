using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>B50: each message has an idempotency key, which is remembered for five minutes.</summary>
internal sealed class KeysWithoutEnd : Attack
{
    private const int KeysAtOnce = 100;

    private int _keys;

    public override string Id => "keys";

    public override string What => "idempotency keys without end, in a channel that others need";

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        await using var socket = await target.OpenAsync("/connect?ping=frame");
        for (var i = 0; i < 10 && !stop.IsCancellationRequested; i++)
        {
            var first = Interlocked.Add(ref _keys, KeysAtOnce);
            await socket.SendTogetherAsync(Enumerable.Range(first, KeysAtOnce).Select(static key =>
                RawFrame.OfText($$"""{"type":"publish","channel":"chat:a","data":1,"idempotencyKey":"{{key:x32}}"}""")));
            for (var answer = 0; answer < KeysAtOnce; answer++)
            {
                await socket.ReceiveTextAsync();
            }
        }
    }
}

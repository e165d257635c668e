namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>Waits between attempts: 50 ms, twice as long each time, at most 2 s.</summary>
internal sealed class Retry(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private TimeSpan _next = First;

    public void Succeeded() => _next = First;

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(_next, time, cancellationToken);
        _next = _next + _next < Longest ? _next + _next : Longest;
    }
}

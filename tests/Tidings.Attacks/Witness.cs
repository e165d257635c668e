using System.Diagnostics;
using System.Net.Sockets;
using TestKit;

namespace Tidings.Attacks;

/// <summary>Says for how long at most something that should go on did not.</summary>
/// <param name="what">What goes on.</param>
/// <param name="again">Does it once; what it throws is a failure.</param>
internal sealed class Witness(string what, Func<Task> again) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;
    private long _lastGood;

    public string What => what;

    /// <summary>The longest time without one that went well.</summary>
    public TimeSpan Longest { get; private set; }

    public int Good { get; private set; }

    /// <summary>What the last failure was.</summary>
    public string Failure { get; private set; } = "";

    public Witness Start()
    {
        _lastGood = Stopwatch.GetTimestamp();
        _watching = Task.Run(WatchAsync);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        Note();
        _stop.Dispose();
    }

    public override string ToString() => $"{what}: {Good} times, at most {Longest.TotalSeconds:0.00} s without{(Failure.Length > 0 ? $" ({Failure})" : "")}";

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await again();
                Note();
                Good++;
                _lastGood = Stopwatch.GetTimestamp();
            }
            catch (Exception error) when (error is ExpectationException or SocketException or IOException or OperationCanceledException)
            {
                Failure = error.Message.Split('\n')[0];
            }

            await Task.Delay(Pause);
        }
    }

    private void Note()
    {
        var without = Stopwatch.GetElapsedTime(_lastGood);
        Longest = without > Longest ? without : Longest;
    }
}

using System.Globalization;

namespace TestKit;

/// <summary>A publisher and a subscriber beside an attack: they must lose nothing, get everything in order, and stay connected.</summary>
public sealed class ControlPair : IAsyncDisposable
{
    private const string Room = "control";

    private readonly RawWebSocket _publisher;
    private readonly RawWebSocket _subscriber;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _talking;
    private int _sent;
    private bool _disposed;

    private ControlPair(RawWebSocket publisher, RawWebSocket subscriber)
    {
        _publisher = publisher;
        _subscriber = subscriber;
        _talking = Task.Run(TalkAsync);
    }

    /// <summary>Begins to talk, from an address of its own.</summary>
    public static async Task<ControlPair> StartAsync(int port, string query = "")
    {
        var options = new RawOptions { From = "127.0.0.99", Limit = TimeSpan.FromSeconds(30) };
        var subscriber = await RawWebSocket.ConnectAsync(port, $"/ws/{Room}?ping=frame{query}", options);
        return new ControlPair(await RawWebSocket.ConnectAsync(port, $"/ws/{Room}?ping=frame{query}", options), subscriber);
    }

    /// <summary>Ends the talk and checks it.</summary>
    public async Task ExpectUnharmedAsync()
    {
        await _stop.CancelAsync();
        await _talking;
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stop.CancelAsync();
        await _talking.ContinueWith(static _ => { }, TaskScheduler.Default);
        await _publisher.DisposeAsync();
        await _subscriber.DisposeAsync();
        _stop.Dispose();
    }

    // Each message is sent when the one before has arrived at both: the pair adds little load, and notices every stall.
    private async Task TalkAsync()
    {
        while (!_stop.IsCancellationRequested || _sent == 0)
        {
            var text = (++_sent).ToString(CultureInfo.InvariantCulture);
            await _publisher.SendTextAsync(text);
            await _subscriber.ExpectTextAsync($"[{Room}] {text}");
            await _publisher.ExpectTextAsync($"[{Room}] {text}");
        }
    }
}

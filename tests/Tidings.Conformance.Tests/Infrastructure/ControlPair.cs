using System.Globalization;
using TestKit;

namespace Tidings.Conformance.Tests.Infrastructure;

/// <summary>A publisher and a subscriber beside an attack: they lose nothing, get all in order, and stay connected.</summary>
internal sealed class ControlPair : IAsyncDisposable
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

    public static async Task<ControlPair> StartAsync(int port)
    {
        // An address of its own, and the pace of the pair is that of its answers.
        var options = new RawOptions { From = "127.0.0.99", Limit = TimeSpan.FromSeconds(30) };
        var subscriber = await RawWebSocket.ConnectAsync(port, $"/ws/{Room}?ping=frame", options);
        return new ControlPair(await RawWebSocket.ConnectAsync(port, $"/ws/{Room}?ping=frame", options), subscriber);
    }

    /// <summary>Ends the talk and checks it.</summary>
    public async Task ExpectUnharmedAsync()
    {
        await _stop.CancelAsync();
        await _talking;
        Assert.True(_sent > 0);
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

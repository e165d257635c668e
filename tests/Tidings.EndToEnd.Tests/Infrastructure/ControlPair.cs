using System.Globalization;
using TestKit;

namespace Tidings.EndToEnd.Tests.Infrastructure;

/// <summary>A publisher and a subscriber beside an attack: they must lose nothing, get everything in order, and stay connected.</summary>
internal sealed class ControlPair : IAsyncDisposable
{
    private const string Room = "control";

    private readonly RawWebSocket _publisher;
    private readonly RawWebSocket _subscriber;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _talking;
    private int _sent;

    private ControlPair(RawWebSocket publisher, RawWebSocket subscriber)
    {
        _publisher = publisher;
        _subscriber = subscriber;
        _talking = Task.Run(TalkAsync);
    }

    /// <summary>Begins to talk. The pair comes from an address of its own.</summary>
    public static async Task<ControlPair> StartAsync(TestServer server)
    {
        var options = new RawOptions { From = "127.0.0.99" };
        var subscriber = await server.ConnectAsync("/ws/" + Room + "?ping=frame", options);
        var publisher = await server.ConnectAsync("/ws/" + Room + "?ping=frame", options);
        return new ControlPair(publisher, subscriber);
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

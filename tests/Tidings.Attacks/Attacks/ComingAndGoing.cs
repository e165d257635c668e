using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>Clients by name that come and go: each time all others are told.</summary>
internal sealed class ComingAndGoing : Attack
{
    private const int Others = 150;

    private int _names;

    public override string Id => "left";

    public override string What => "clients by name that come and go while 150 others listen";

    public override async Task<IAsyncDisposable?> PrepareAsync(Target target)
    {
        var others = new List<RawWebSocket>();
        for (var i = 0; i < Others; i++)
        {
            others.Add(await target.OpenAsync($"/ws/clients/other{i}?ping=frame", "127.0.0.3"));
        }

        return new Listeners(others);
    }

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        await using var socket = await target.OpenAsync($"/ws/clients/x{Interlocked.Increment(ref _names)}");
        await socket.SendCloseAsync();
    }

    private sealed class Listeners(List<RawWebSocket> sockets) : IAsyncDisposable
    {
        private readonly Task _reading = Task.WhenAll(sockets.Select(static socket => Task.Run(async () =>
        {
            try
            {
                while (await socket.TryReceiveAsync(TimeSpan.FromMinutes(2)) is not null)
                {
                }
            }
            catch (Exception error) when (error is ExpectationException or System.Net.Sockets.SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Closed.
            }
        })));

        public async ValueTask DisposeAsync()
        {
            sockets.ForEach(static socket => socket.Tcp.Reset());
            await _reading.WaitAsync(TimeSpan.FromSeconds(10));
        }
    }
}

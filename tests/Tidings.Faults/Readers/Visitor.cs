using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Tidings.Faults.World;

namespace Tidings.Faults.Readers;

/// <summary>A connection that a visitor had.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Node">Where it was.</param>
/// <param name="Opened">When the visitor knew of it, by the system clock's timestamps.</param>
internal sealed record Visit(string Id, Uri Node, long Opened);

/// <summary>A user who comes to a channel with presence, stays for a while, leaves in one way or another, and comes back to whichever node there is.</summary>
internal sealed class Visitor(string user, string channel, Func<Random, Uri> pick, Random random)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly List<Visit> _visits = [];
    private volatile bool _stays;

    public string User => user;

    public string Channel => channel;

    /// <summary>The connection that is open now, or null.</summary>
    public string? Connection { get; private set; }

    /// <summary>All connections it has had, once it has ended.</summary>
    public IReadOnlyList<Visit> Visits => _visits;

    /// <summary>From now on it leaves no more by itself, and comes back where it must.</summary>
    public void Stay() => _stays = true;

    public async Task RunAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                await VisitAsync(pick(random), end);
            }
            catch (Exception error) when (error is WebSocketException or OperationCanceledException or HttpRequestException or IOException or ObjectDisposedException)
            {
                // Refused, or its node is gone: the next visit tells.
            }

            Connection = null;

            // Some are back before it is told that they were away.
            await WaitAsync(_stays ? 0.3 : 5, end);
        }
    }

    private async Task VisitAsync(Uri node, CancellationToken end)
    {
        using var socket = new ClientWebSocket();
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(end))
        {
            limit.CancelAfter(Longest);
            await socket.ConnectAsync(new UriBuilder(node) { Scheme = "ws", Path = "/connect", Query = $"token={NodeSettings.TokenOf(user)}" }.Uri, limit.Token);
            var id = (await ReceiveAsync(socket, limit.Token))?.GetProperty("connection").GetString() ?? throw new IOException("The node closed the connection.");
            _visits.Add(new Visit(id, node, TimeProvider.System.GetTimestamp()));
            await socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"type":"subscribe","channel":"{{channel}}"}"""), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
            Connection = id;
        }

        using var stay = CancellationTokenSource.CreateLinkedTokenSource(end);
        var leaving = LeaveAsync(socket, stay.Token);
        try
        {
            while (await ReceiveAsync(socket, end) is not null)
            {
            }
        }
        finally
        {
            await stay.CancelAsync();
            await leaving;
        }
    }

    // With a close frame, or as somebody whose network is gone.
    private async Task LeaveAsync(ClientWebSocket socket, CancellationToken stay)
    {
        await WaitAsync(6, stay);
        if (_stays || stay.IsCancellationRequested)
        {
            return;
        }

        Connection = null;
        if (random.Next(2) == 0)
        {
            socket.Abort();
        }
        else
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, stay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<JsonElement?> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        // Longer messages are not looked into: only the first one says anything.
        var buffer = new byte[8 * 1024];
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length < buffer.Length ? length : 0), cancellationToken);
            length = Math.Min(buffer.Length, length + part.Count);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (part.EndOfMessage)
            {
                return length < buffer.Length ? JsonElement.Parse(buffer.AsSpan(0, length)) : default;
            }
        }
    }

    private Task WaitAsync(double most, CancellationToken end) =>
        Task.Delay(TimeSpan.FromSeconds(0.05 + (random.NextDouble() * most)), end).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}

using TestKit;

namespace Tidings.Faults.Processes;

/// <summary>Which of a node's connections to Redis.</summary>
[Flags]
internal enum LinkKind
{
    None = 0,
    Commands = 1,
    Subscriptions = 2,
    Both = Commands | Subscriptions,
}

/// <summary>A node's way to Redis: can be cut, blackholed in one direction, made half open, or made deaf.</summary>
internal sealed class RedisLink : IAsyncDisposable
{
    private readonly FaultProxy _proxy;
    private volatile LinkKind _silent;
    private volatile int _deafBefore;
    private int _connections;

    public RedisLink(int target) => _proxy = new FaultProxy(target) { DownFilter = () => new RespFilter(this, Interlocked.Increment(ref _connections)) };

    public int Port => _proxy.Port;

    /// <summary>Connections that were made.</summary>
    public int Accepted => _proxy.Accepted;

    /// <summary>Nothing of what Redis says arrives on connections of this kind, those to come as well, as where packets are dropped in one direction;
    /// what was held up arrives when it ends.</summary>
    public void Silence(LinkKind kind) => _silent = kind;

    /// <summary>Resets all connections.</summary>
    public void Cut() => _proxy.CutAll();

    /// <summary>Redis' side is gone, and the node does not hear of it.</summary>
    public void HalfOpen() => _proxy.HalfOpenAll();

    /// <summary>No message that is published reaches the connections there are, which otherwise work: they subscribe, and answer pings.</summary>
    public void Deafen() => _deafBefore = Volatile.Read(ref _connections);

    /// <summary>Leads to another server from here on.</summary>
    public void MoveTo(RedisServer server)
    {
        _proxy.Target = server.Port;
        _proxy.CutAll();
    }

    /// <summary>Nothing passes, and nobody is let in.</summary>
    public async Task SeverAsync()
    {
        await _proxy.StopListeningAsync();
        _proxy.CutAll();
    }

    public void Heal()
    {
        _silent = LinkKind.None;
        _deafBefore = 0;
    }

    public void Listen() => _proxy.Listen();

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();

    internal bool IsSilent(LinkKind kind) => (_silent & kind) != 0;

    internal bool IsDeaf(int connection) => connection <= _deafBefore;
}

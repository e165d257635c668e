using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>What a client is doing.</summary>
public enum ClientState
{
    /// <summary>Nothing yet: it connects at the first call that needs it.</summary>
    Idle,

    /// <summary>Looking for a way to the server.</summary>
    Connecting,

    /// <summary>Connected; subscriptions are being resumed or live.</summary>
    Connected,

    /// <summary>Away; the next attempt comes after <see cref="ClientStateChange.Delay"/>.</summary>
    Waiting,

    /// <summary>Disposed, or away for good: <see cref="ClientStateChange.Reason"/> says why.</summary>
    Closed,
}

/// <summary>What carries the channels.</summary>
public enum ClientTransport
{
    /// <summary>One connection, both ways.</summary>
    WebSocket,

    /// <summary>A stream of events down, requests up.</summary>
    ServerSentEvents,

    /// <summary>Requests that wait for messages, requests up.</summary>
    LongPolling,
}

/// <summary>A step from one state to another.</summary>
/// <param name="State">The new state.</param>
/// <param name="Transport">What carries the channels, while connected.</param>
/// <param name="Reason">Why the last connection or attempt ended, while waiting or closed; 1006 where the network did.</param>
/// <param name="Delay">How long it waits, while waiting.</param>
public sealed record ClientStateChange(ClientState State, ClientTransport? Transport = null, DisconnectCode? Reason = null, TimeSpan? Delay = null);

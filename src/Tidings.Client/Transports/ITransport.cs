using Tidings.Client.Commands;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Transports;

/// <summary>One way to the server, open. One reader and one sender at a time; disposing ends both.</summary>
internal interface ITransport : IAsyncDisposable
{
    ClientTransport Kind { get; }

    /// <summary>When something was last heard, by the clock's timestamp.</summary>
    long LastHeard { get; }

    /// <summary>The next frame; the first is <c>connected</c>.</summary>
    /// <exception cref="TransportException">The connection has ended.</exception>
    ValueTask<ServerFrame> ReceiveAsync(CancellationToken cancellationToken);

    /// <summary>Sends commands in order. Their answers come among the frames.</summary>
    /// <exception cref="TransportException">The connection has ended.</exception>
    ValueTask SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken);

    /// <summary>Whether what is said of this client's members goes with what the transport asks for next, and needs no command.</summary>
    bool TryTrack() => false;

    /// <summary>Answers a heartbeat, or asks for a sign of life, where the transport has such.</summary>
    ValueTask SendSignAsync(ReadOnlyMemory<byte> sign, CancellationToken cancellationToken);

    /// <summary>Says that the client goes, where the transport has a word for it. Its end then comes to the reader.</summary>
    ValueTask CloseAsync(CancellationToken cancellationToken);
}

/// <summary>A transport whose channels are part of its request: a change opens it anew, from the positions there are then.</summary>
internal interface IFollowingTransport : ITransport
{
    /// <summary>The channels may have changed.</summary>
    void Follow();

    /// <summary>What runs begins anew, as a state is wanted.</summary>
    void BeginAnew();

    /// <summary>Who comes from now on.</summary>
    void Renew(string? token);
}

/// <summary>What a following transport asks for.</summary>
internal interface IFollowedChannels
{
    /// <summary>At most sixteen channels and where each goes on; empty where the server is to choose.</summary>
    IReadOnlyList<(string Channel, StreamPosition Position)> Followed { get; }

    /// <summary>Whether joins, leaves and updates are wanted.</summary>
    bool Presence { get; }

    /// <summary>Those of the channels whose state is wanted.</summary>
    IReadOnlyList<string> States { get; }

    /// <summary>Whether it is wanted how many subscribe.</summary>
    bool Occupancy { get; }

    /// <summary>What is said of this client's members, as JSON.</summary>
    IReadOnlyList<(string Channel, ReadOnlyMemory<byte> Info)> Infos { get; }

    /// <summary>Tokens that grant single channels, as a header has them; "" for none.</summary>
    string Tokens { get; }
}

/// <summary>A transport could not be opened, or has ended.</summary>
/// <param name="reason">The close code, or what stands for it.</param>
/// <param name="inner">The cause.</param>
internal sealed class TransportException(DisconnectCode reason, Exception? inner = null) : Exception($"Ended with {reason.Code} {reason.Reason}", inner)
{
    public DisconnectCode Reason { get; } = reason;

    /// <summary>Nobody listens at the address, or it has no name: another transport would find the same.</summary>
    public bool Unreachable { get; init; }

    /// <summary>The server has answered for itself: another transport would get the same answer.</summary>
    public bool Final { get; init; }

    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? After { get; init; }
}

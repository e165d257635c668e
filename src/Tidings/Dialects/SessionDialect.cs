using System.Security.Cryptography;
using Tidings.Channels;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Security.Identities;

namespace Tidings.Dialects;

/// <summary>A protocol of sessions: how its commands are read, and everything that is said on its wire. Holds no state of a connection. Safe from any thread.</summary>
/// <remarks>What channels say to all their subscribers is <see cref="Dialect"/>'s part. All bytes are whole frames.</remarks>
internal abstract class SessionDialect(MessageDeflater? deflater = null) : Dialect(deflater)
{
    /// <summary>The name of the protocol, as lists of connections show it.</summary>
    public abstract string ProtocolName { get; }

    /// <summary>Reads the next command of a text.</summary>
    /// <param name="text">What is left of the message, valid UTF-8; empty once all is read.</param>
    /// <param name="command">The command. Where it has a fault, what could be read of it.</param>
    /// <returns>What is wrong with it, or null.</returns>
    public abstract CommandFault? Read(ref ReadOnlySpan<byte> text, out Command command);

    /// <summary>The same of a binary message, which may be anything.</summary>
    public virtual CommandFault? ReadBinary(ref ReadOnlySpan<byte> message, out Command command) => Read(ref message, out command);

    /// <summary>What came of a command; null where nothing is said of it. Called on the connection's lane.</summary>
    public abstract byte[]? Answer(Command command, Outcome outcome);

    /// <summary>What the server says by itself; null where nothing is said of it.</summary>
    public abstract byte[]? Say(Notice notice);

    /// <summary>Whether commands may be binary messages.</summary>
    public virtual bool TakesBinary => false;

    /// <summary>Whether binary messages are a line of JSON and bytes behind it, both ways.</summary>
    public virtual bool HasHeadLines => false;

    /// <summary>Whether commands may be texts.</summary>
    public virtual bool TakesText => true;

    /// <summary>Whether a session begins by a command of its client (<see cref="CommandType.Open"/>), and is nobody's until then.</summary>
    public virtual bool OpensByCommand => false;

    /// <summary>How many messages of the log the answer to a subscription may hold; what is recovered besides follows as messages.</summary>
    public virtual int MessagesInAnswer => 0;

    /// <summary>Whether a subscription that has missed messages ends, and the client subscribes again (<see cref="Notice.Missed"/>), as the protocol has no words for a gap.</summary>
    public virtual bool EndsAtGap => false;

    /// <summary>How messages are said to a subscriber that takes changes; null where the protocol has none.</summary>
    public virtual ChangeDialect? Changes => null;

    /// <summary>Whether presence is of connections, each by itself, and not of users.</summary>
    public virtual bool SeesConnections => false;

    /// <summary>With which code a message over the limit ends the connection; null where the peer is told and goes on.</summary>
    public virtual DisconnectCode? Oversized => null;

    /// <summary>The text that asks a peer for a sign of life; the protocol's ping goes out beside it.</summary>
    public virtual byte[] Ping { get; } = Frame.Text("""{"type":"ping"}"""u8);

    /// <summary>A new connection's public id.</summary>
    public virtual string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(10));

    /// <summary>What a subscription proves by itself; null where the protocol has no proofs, or this channel needs none, and the channel's kind decides alone.</summary>
    /// <param name="connection">The connection's public id.</param>
    /// <param name="user">Who it is, or null.</param>
    /// <param name="request">The subscription.</param>
    public virtual SubscriptionProof? Prove(string connection, string? user, SubscribeRequest request) => null;

    /// <summary>Who opens a session, by what the command bears; null where the server's own tokens say so.</summary>
    public virtual SessionProof? ProveOpening(Command command) => null;

    /// <summary>The user whom an <c>auth</c> proves by itself, or why it does not hold; null where the server's own tokens say so.</summary>
    /// <param name="connection">The connection's public id.</param>
    /// <param name="command">The command.</param>
    public virtual TokenJudgement? SignIn(string connection, Command command) => null;

    /// <summary>Whether an <c>auth</c> with a token that has expired ends the connection, so that the client comes back with a newer one; else it is refused.</summary>
    public virtual bool EndsWithExpiredToken => false;

    public override void Missed(Subscription subscription)
    {
        if (EndsAtGap)
        {
            subscription.Connection.TellMissed(subscription.Channel!.Name);
        }
    }

    /// <summary>The close code in this protocol's numbers.</summary>
    public virtual DisconnectCode CloseCode(DisconnectCode code) => code;
}

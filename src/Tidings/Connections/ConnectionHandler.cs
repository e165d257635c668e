using System.Globalization;
using System.Text;
using Tidings.Events;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Replies;

namespace Tidings.Connections;

/// <summary>What a route does with its connections. One object serves them all; it is called on each connection's lane, and never waits.</summary>
internal abstract class ConnectionHandler
{
    /// <summary>The name of the protocol that its connections speak, as lists of connections show it.</summary>
    public abstract string ProtocolName { get; }

    /// <summary>Whether its binary messages are a line of JSON and bytes behind it.</summary>
    public virtual bool HasHeadLines => false;

    /// <summary>A whole text message, valid UTF-8. <paramref name="text"/> must be copied to be kept.</summary>
    public abstract void OnText(Connection connection, ReadOnlySpan<byte> text);

    /// <summary>A whole binary message, on routes that take them.</summary>
    public virtual void OnBinary(Connection connection, ReadOnlySpan<byte> bytes)
    {
    }

    /// <summary>What back ends are told of a connection that has joined what it came for; null where they are told nothing of it.</summary>
    public virtual EventSubject? Describe(Connection connection) => null;

    /// <summary>The frames that ask for a sign of life where scripts must see it.</summary>
    public virtual byte[] TextPing => Heartbeat.BothPings;

    /// <summary>A close code in the numbers of the route's protocol.</summary>
    public virtual DisconnectCode CloseCode(DisconnectCode code) => code;

    /// <summary>What a client that has one attempt to show a token is told before it is closed; null where nothing is.</summary>
    /// <param name="details">Why the token was refused.</param>
    public virtual byte[]? OnTokenRefused(IReadOnlyList<FieldFault> details) => Reply.Error(default, ErrorCode.Unauthorized, "Invalid token", details);

    /// <summary>What somebody is told who is refused at the handshake, before the close; null where nothing is.</summary>
    /// <param name="code">The code of the close, not yet in the numbers of the route's protocol.</param>
    /// <param name="details">Why.</param>
    public virtual byte[]? OnRefused(DisconnectCode code, IReadOnlyList<FieldFault> details) => Refusal(code, details);

    /// <summary>The same where no route says it otherwise.</summary>
    public static byte[] Refusal(DisconnectCode code, IReadOnlyList<FieldFault> details) => Reply.Error(default, ErrorOf(code), code.Reason, details);

    /// <summary>The error that stands for such a close.</summary>
    protected static ErrorCode ErrorOf(DisconnectCode code) => code.Code == DisconnectCode.Forbidden.Code ? ErrorCode.NotAllowed : ErrorCode.Unauthorized;

    /// <summary>The connection's token ends soon.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="seconds">The seconds that are left.</param>
    public virtual void OnTokenExpiring(Connection connection, long seconds) =>
        connection.SendText(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"type":"token_expiring","in":{{seconds}}}""")));

    /// <summary>One of its subscriptions has missed messages, and its wire has no words for that.</summary>
    public virtual void OnMissed(Connection connection, string channel)
    {
    }

    /// <summary>A message over the soft limit came and was not kept.</summary>
    public virtual void OnOversized(Connection connection)
    {
    }

    /// <summary>Something was written, where <see cref="Connection.ReportsFlush"/>; <see cref="Connection.QueuedBytes"/> still wait.</summary>
    public virtual void OnFlushed(Connection connection)
    {
    }

    /// <summary>The node goes, and this connection, over which the peer can say something, will be closed soon.</summary>
    public virtual void OnDraining(Connection connection)
    {
    }

    /// <summary>The connection has ended or is being closed: called once for each that was made, attached or not.</summary>
    public virtual void OnClosed(Connection connection, DisconnectCode code)
    {
    }
}

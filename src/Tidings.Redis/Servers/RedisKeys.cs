using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Tidings.Redis.Servers;

/// <summary>What things are called on one server, or in one part of a Cluster. Two names never become one key, whatever is in them.</summary>
/// <param name="prefix">What every key begins with; in a Cluster with the part's hash tag behind it, as in <c>tidings:{18}</c>, so that all keys of a part are in one slot.</param>
internal sealed class RedisKeys(string prefix)
{
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-@");

    private readonly string _ours = prefix.Split('{')[0];

    /// <summary>Whether something in Redis has a name that this application gives.</summary>
    public bool IsOurs(string name) => name.StartsWith(_ours, StringComparison.Ordinal);

    /// <summary>Whether they are in one slot of a Cluster, and their channels of pub/sub with them.</summary>
    public bool AreSharded { get; } = prefix.EndsWith('}');

    /// <summary>The generation of all logs of a server.</summary>
    public string Generation { get; } = prefix + "generation";

    /// <summary>A hash, the generation's <c>id</c>, in a form that neither a replica nor a snapshot has: a server where it is so has its own data.</summary>
    public string Lineage { get; } = prefix + "lineage";

    /// <summary>A hash: the log's generation <c>g</c>, epoch <c>e</c>, newest offset <c>o</c>, milliseconds kept <c>a</c>, the epochs that it was carried over from and up to which offsets <c>f</c>, its clock's newest reading <c>c</c>, what the server's was set back by <c>s</c>, of its state the number of keys <c>k</c> and of bytes <c>b</c>, and what was published with which idempotency key (see publish.lua).</summary>
    public string Log(string channel) => $"{prefix}log:{Encode(channel)}";

    /// <summary>A stream: entries <c>offset-0</c> with time <c>t</c> and payload <c>p</c>, and after the clock was set back with the time <c>a</c> that their age goes by.</summary>
    public string Stream(string channel) => $"{prefix}stream:{Encode(channel)}";

    /// <summary>A hash: for each key of the channel's state <c>offset time</c>, a line break and the payload.</summary>
    public string State(string channel) => $"{prefix}state:{Encode(channel)}";

    /// <summary>The name of an idempotency key, of which the log's own hash remembers what was published with it.</summary>
    public string Idempotency(string channel, string key) =>
        $"{prefix}once:{Encode(channel)}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 16))}";

    /// <summary>Where a channel's messages are published.</summary>
    public string Channel(string channel) => $"{prefix}channel:{Encode(channel)}";

    /// <summary>A sorted set: what was revoked, by when it was.</summary>
    public string Revoked { get; } = prefix + "revoked";

    /// <summary>Where all nodes hear what is revoked.</summary>
    public string Revocations { get; } = prefix + "revocations";

    /// <summary>Whose a ticket is.</summary>
    public string Ticket(string hash) => $"{prefix}ticket:{hash}";

    /// <summary>The pass that goes with a ticket's stream: the hash of its secret, and whose it is.</summary>
    public string Pass(string hash) => $"{prefix}pass:{hash}";

    /// <summary>A sorted set: the keys of a user's tickets by the time at which they were made.</summary>
    public string TicketsOf(string user) => $"{prefix}tickets:{Encode(user)}";

    /// <summary>A sorted set: the keys of a user's passes by the time at which they were last shown.</summary>
    public string PassesOf(string user) => $"{prefix}passes:{Encode(user)}";

    /// <summary>A hash: a task's version <c>v</c> and record <c>r</c>.</summary>
    public string Task(string id) => TaskPrefix + Encode(id);

    public string TaskPrefix { get; } = prefix + "task:";

    /// <summary>A sorted set of tasks' encoded ids by the millisecond in which each is due.</summary>
    public string DueTasks { get; } = prefix + "tasks:due";

    /// <summary>A hash: the clock of <see cref="DueTasks"/>, its newest reading <c>c</c>, and what the server's was set back by <c>s</c>.</summary>
    public string TasksClock { get; } = prefix + "tasks:clock";

    /// <summary>A hash: a stream's version <c>v</c> and head <c>h</c>, what it counts for <c>c</c>, and whose share that is <c>o</c>.</summary>
    public string StreamHead(string name) => $"{prefix}bytes:head:{Encode(name)}";

    /// <summary>A string: a stream's bytes.</summary>
    public string StreamBytes(string name) => $"{prefix}bytes:data:{Encode(name)}";

    /// <summary>A sorted set: names of streams by the Unix millisecond in which their time is over.</summary>
    public string DueStreams { get; } = prefix + "bytes:due";

    /// <summary>A hash: what streams count for, <c>all</c> and those <c>of:</c> a sender, in bytes.</summary>
    public string StreamSums { get; } = prefix + "bytes:sums";

    /// <summary>A sorted set: the nodes' leases, by when they end.</summary>
    public string Leases { get; } = prefix + "leases";

    /// <summary>A string: by which rule the nodes that have these leases spread names over servers.</summary>
    public string Spread { get; } = prefix + "spread";

    /// <summary>A sorted set: the nodes' names, by when they end.</summary>
    public string Peers { get; } = prefix + "peers";

    /// <summary>A sorted set: users, by when they were last connected.</summary>
    public string Seen { get; } = prefix + "seen";

    /// <summary>Who takes out what a lease that has ended has left.</summary>
    public string Sweep(string lease) => $"{prefix}sweep:{lease}";

    /// <summary>What was put in under a lease, kind by kind.</summary>
    public string Leased(string lease, string kind) => $"{prefix}lease:{lease}:{kind}";

    /// <summary>What stands before and behind a lease in <see cref="Leased"/>.</summary>
    public (string Before, string Behind) AroundLease(string kind) => ($"{prefix}lease:", $":{kind}");

    /// <summary>A hash: the leases under which a client's name is taken, and their claims.</summary>
    public string Client(string name) => $"{prefix}client:{Encode(name)}";

    /// <summary>Where all nodes hear what becomes of clients by name.</summary>
    public string Clients { get; } = prefix + "clients";

    /// <summary>A hash: connections by lease and user.</summary>
    public string Presence(string channel) => $"{prefix}presence:{Encode(channel)}";

    /// <summary>A hash: who is there, and what is known of each member.</summary>
    public string Members(string channel) => $"{prefix}members:{Encode(channel)}";

    /// <summary>A hash: what nodes hold that back ends are told of, by how many of them do.</summary>
    public string EventCounts { get; } = prefix + "events:counts";

    /// <summary>All who have ever had a queue of events, by their ids.</summary>
    public string EventReceivers { get; } = prefix + "events:receivers";

    /// <summary>A string: the number of the newest batch of events that a node has added.</summary>
    public string EventBatch(string node) => $"{prefix}events:batch:{node}";

    /// <summary>What stands before a receiver's id in the names of its queue (a stream of events <c>e</c>) and of its queue's state (a hash: bytes <c>b</c>, events that were
    /// dropped and not told of <c>t</c>, what the delivery is like <c>d</c>, and <c>x</c> where it has unsubscribed).</summary>
    public (string Queue, string State) BeforeReceiver { get; } = (prefix + "events:queue:", prefix + "events:state:");

    /// <summary>Which node delivers to a receiver.</summary>
    public string EventHolder(string receiver) => $"{prefix}events:holder:{receiver}";

    /// <summary>There while somebody follows what a receiver is told.</summary>
    public string EventFollowed(string receiver) => $"{prefix}events:followed:{receiver}";

    /// <summary>There where somebody wants it told at once what waits to be told again.</summary>
    public string EventRetry(string receiver) => $"{prefix}events:retry:{receiver}";

    /// <summary>Where all nodes hear that events were added.</summary>
    public string EventNews { get; } = prefix + "events:news";

    /// <summary>Where all nodes hear what they are asked for.</summary>
    public string Nodes { get; } = prefix + "nodes";

    /// <summary>Where a node hears what others answer.</summary>
    public string Answers(string node) => $"{prefix}answers:{node}";

    /// <summary>Where a node hears itself.</summary>
    public string Probe(string node) => $"{prefix}probe:{node}";

    /// <summary>Letters, digits and <c>_ . : - @</c> stay; every other byte of the name's UTF-8 becomes <c>%</c> and two hexadecimal digits.</summary>
    public static string Encode(string name)
    {
        if (!name.AsSpan().ContainsAnyExcept(Plain))
        {
            return name;
        }

        var encoded = new StringBuilder(name.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            if (b < 0x80 && Plain.Contains((char)b))
            {
                encoded.Append((char)b);
            }
            else
            {
                encoded.Append('%').Append(Convert.ToHexString([b]));
            }
        }

        return encoded.ToString();
    }
}

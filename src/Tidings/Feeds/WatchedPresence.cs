using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Messages;
using Tidings.Presence;

namespace Tidings.Feeds;

/// <summary>What those who watch on this node have been told. Joins and leaves are said in passing: those that a node missed while it was away are told
/// once it is back, from who is there then. Safe from any thread.</summary>
internal sealed class WatchedPresence(IPresenceStore presence, Hub hub, IBroker broker, TimeProvider time)
{
    /// <summary>Time for the other nodes to put in again what a server has lost.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    // Of channels with more members, those who watch see what they missed when they ask.
    private const int MostMembers = 10_000;

    private readonly ConcurrentDictionary<string, Watched> _channels = new(StringComparer.Ordinal);

    /// <summary>Somebody has begun to watch: told of all that happens once this has completed.</summary>
    public async ValueTask AddAsync(string channel)
    {
        var beside = PresenceChannel.Of(channel);
        var added = new Watched();
        var watched = _channels.GetOrAdd(channel, added);
        watched.Wake();
        if (watched == added)
        {
            hub.Listen(watched, beside);
        }

        await broker.ListenAsync(beside).ConfigureAwait(false);
        if (watched == added)
        {
            watched.Begin(await presence.ReadAsync(channel, MostMembers).ConfigureAwait(false));
        }
    }

    private async Task ReviewAsync(string channel, Watched watched)
    {
        // What is told here and what comes meanwhile may cross: it is looked again until both agree.
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var list = await presence.ReadAsync(channel, MostMembers).ConfigureAwait(false);
            if (list.Count > MostMembers)
            {
                return;
            }

            var news = watched.Compare(list);
            if (news.Count == 0)
            {
                return;
            }

            foreach (var (kind, member) in news)
            {
                hub.Deliver(PresenceChannel.Of(channel), new Message
                {
                    Kind = kind,
                    Channel = channel,
                    Position = default,
                    Time = time.GetUtcNow().ToUnixTimeMilliseconds(),
                    Data = new MessageData(DataKind.Json, member.ToJson()),
                });
            }
        }
    }

    /// <summary>Takes channels out that nobody watches any more. Called every second or two.</summary>
    public void Sweep()
    {
        foreach (var (channel, watched) in _channels)
        {
            if (hub.CountMembers(PresenceChannel.Of(channel)) == 0 && watched.IsIdle() && _channels.TryRemove(new(channel, watched)))
            {
                hub.EndListening(watched, PresenceChannel.Of(channel));
            }
        }
    }

    /// <summary>Tells those who watch what they have missed.</summary>
    /// <param name="isAffected">Of which channels; they are compared <see cref="Settling"/> after the node was back.</param>
    public async Task ReviewAsync(Func<string, bool> isAffected)
    {
        foreach (var (channel, watched) in _channels)
        {
            if (isAffected(channel))
            {
                await ReviewAsync(channel, watched).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Who is there in a channel, as those who watch it know.</summary>
    private sealed class Watched : IMessageListener
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, Known> _members = new(StringComparer.Ordinal);
        private int _idle;

        // By the hub, in the order in which all are told.
        public void Offer(Message message)
        {
            if (PresenceMember.Read(message.Data.Bytes) is not { } member)
            {
                return;
            }

            lock (_gate)
            {
                if (message.Kind == MessageKind.Leave)
                {
                    _members.Remove(member.Key);
                }
                else if (_members.Count < MostMembers || _members.ContainsKey(member.Key))
                {
                    _members[member.Key] = Known.Of(member);
                }
            }
        }

        public void Begin(PresenceList list)
        {
            lock (_gate)
            {
                foreach (var member in list.Members)
                {
                    _members.TryAdd(member.Key, Known.Of(member));
                }
            }
        }

        /// <summary>What those who watch have to be told to know of who is there.</summary>
        public IReadOnlyList<(MessageKind Kind, PresenceMember Member)> Compare(PresenceList list)
        {
            var there = list.Members.ToDictionary(static member => member.Key, StringComparer.Ordinal);
            lock (_gate)
            {
                return
                [
                    .. _members.Values.Where(known => !there.ContainsKey(known.Member.Key)).Select(static known => (MessageKind.Leave, known.Member)),
                    .. there.Values.Where(member => !_members.ContainsKey(member.Key)).Select(static member => (MessageKind.Join, member)),
                    .. there.Values.Where(member => member.IsTracked && _members.TryGetValue(member.Key, out var known) && known.Info != Known.HashOf(member))
                        .Select(static member => (MessageKind.Update, member)),
                ];
            }
        }

        /// <summary>Whether nobody watched when it was looked several times in a row: who comes back soon costs nothing.</summary>
        public bool IsIdle() => Interlocked.Increment(ref _idle) > 40;

        public void Wake() => Volatile.Write(ref _idle, 0);
    }
    // Ten thousand of them are kept for each channel: of what they say, what is long is known by its hash alone.
    private readonly record struct Known(PresenceMember Member, UInt128 Info)
    {
        private const int LongestInfo = 1024;

        public static Known Of(PresenceMember member) => new(
            member with { Connections = 0, Info = Short(member.Info), UserInfo = Short(member.UserInfo) }, HashOf(member));

        public static UInt128 HashOf(PresenceMember member) => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(member.Info.Span));

        private static ReadOnlyMemory<byte> Short(ReadOnlyMemory<byte> info) => info.Length <= LongestInfo ? info : default;
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Tidings.Redis.Servers;

/// <summary>A script that runs in Redis in one step. Its source never has anything of users in it: that comes as arguments.</summary>
internal sealed class RedisScript
{
    // What several of them do. Programs in other languages use publish.lua as it stands, so that what is shared with it stands there, above a line that says so.
    private static readonly string s_tell = SourceOf("tell");
    private static readonly string s_log = SourceOf("publish").Split("-- What stands above ")[0];

    public static readonly RedisScript ClusterView = new("cluster-view");
    public static readonly RedisScript Begin = new("begin");
    public static readonly RedisScript Publish = new("publish", s_tell);
    public static readonly RedisScript Say = new("say", s_tell);
    public static readonly RedisScript Read = new("read", s_log);
    public static readonly RedisScript ReadState = new("state", s_log);
    public static readonly RedisScript Erase = new("erase", s_log);
    public static readonly RedisScript Mark = new("mark");
    public static readonly RedisScript ReleaseOnce = new("once-release");
    public static readonly RedisScript CountEnter = new("count-enter");
    public static readonly RedisScript ClientClaim = new("client-claim");
    public static readonly RedisScript ClientRelease = new("client-release");
    public static readonly RedisScript Revoke = new("revoke");
    public static readonly RedisScript PutSecret = new("secret-put");
    public static readonly RedisScript RenewSecret = new("secret-renew");
    public static readonly RedisScript PutTask = new("task-put");
    public static readonly RedisScript RemoveTask = new("task-remove");
    public static readonly RedisScript DueTasks = new("task-due");
    public static readonly RedisScript PutStream = new("stream-put");
    public static readonly RedisScript ReadStream = new("stream-read");
    public static readonly RedisScript RemoveStream = new("stream-remove");
    public static readonly RedisScript Lease = new("lease");
    public static readonly RedisScript AddEvents = new("events-add", s_tell);
    public static readonly RedisScript SweepEvents = new("events-sweep", s_tell);
    public static readonly RedisScript HoldEvents = new("events-hold");
    public static readonly RedisScript ReadEvents = new("events-read");
    public static readonly RedisScript EraseEvents = new("events-erase");
    public static readonly RedisScript RemoveEvents = new("events-remove");
    public static readonly RedisScript PresencePut = new("presence-put");
    public static readonly RedisScript PresenceTrack = new("presence-track");
    public static readonly RedisScript PresenceKeep = new("presence-keep");
    public static readonly RedisScript PresenceTake = new("presence-take");
    public static readonly RedisScript PresenceRead = new("presence-read");

    /// <summary>What a server is given before anything is asked of it, so that no call is sent twice and overtaken meanwhile.</summary>
    public static readonly IReadOnlyList<RedisScript> All =
        [Begin, Publish, Say, Read, ReadState, Erase, Mark, ReleaseOnce, PutTask, RemoveTask, DueTasks, PutStream, ReadStream, RemoveStream, Lease, PresencePut, PresenceTrack, PresenceKeep, PresenceTake, PresenceRead, CountEnter, ClientClaim, ClientRelease, Revoke, PutSecret, RenewSecret, AddEvents, SweepEvents, HoldEvents, ReadEvents, EraseEvents, RemoveEvents];

    private readonly string _text;
    private readonly byte[] _hash;

    // In a Cluster what is published goes to those alone who listen at the part's own server.
    private readonly string _shardedText;
    private readonly byte[] _shardedHash;

    private RedisScript(string name, string functions = "")
    {
        _text = functions + SourceOf(name);
        _hash = HashOf(_text);
        _shardedText = _text.Replace("'PUBLISH'", "'SPUBLISH'", StringComparison.Ordinal);
        _shardedHash = HashOf(_shardedText);
    }

    public string TextFor(RedisKeys? keys) => keys is { AreSharded: true } ? _shardedText : _text;

    /// <summary>What Redis knows it by.</summary>
    public byte[] HashFor(RedisKeys? keys) => keys is { AreSharded: true } ? _shardedHash : _hash;

#pragma warning disable CA5350 // What Redis names scripts by.
    private static byte[] HashOf(string text) => SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350

    private static string SourceOf(string name)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream($"{name}.lua")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}

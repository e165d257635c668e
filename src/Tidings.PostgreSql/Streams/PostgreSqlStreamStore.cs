using Tidings.PostgreSql.Databases;
using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.PostgreSql.Streams;

/// <summary>Streams on PostgreSQL: each write is one statement. Safe from any thread.</summary>
internal sealed class PostgreSqlStreamStore(PostgreSqlServer server, PostgreSqlOptions options, PostgreSqlMetrics metrics, long mostBytes) : IStreamStore
{
    // Behind this no stream has a byte.
    private const long Farthest = long.MaxValue / 2;

    public bool IsShared => true;

    public async ValueTask<StoredStream?> ReadAsync(string name, long from, int most, CancellationToken cancellationToken = default)
    {
        var link = await server.GetLinkAsync(options.PublishWait, cancellationToken).ConfigureAwait(false);
        var found = await new Statement("SELECT version, head, bytes FROM tidings.read_stream_1($1, $2, $3)", name, Math.Min(from, Farthest), (long)most).RunAsync(
            link.Database,
            static async row => await row.ReadAsync().ConfigureAwait(false) ? (row.GetInt64(0), row.Bytes(1), row.Bytes(2)) : ((long Version, byte[] Head, byte[] Bytes)?)null,
            cancellationToken).ConfigureAwait(false);
        if (found is not { } stream)
        {
            return null;
        }

        if (StreamHeadJson.Read(stream.Head, stream.Version) is { } head)
        {
            return new StoredStream(head, stream.Bytes);
        }

        // Whatever it is that somebody else has written there, it is no stream.
        metrics.Dropped("stream");
        return null;
    }

    public async ValueTask<StreamWritten> WriteAsync(string name, StreamHead? former, StreamHead head, ReadOnlyMemory<byte> bytes, long now)
    {
        var changes = StreamShares.Changes(former, head);
        var answer = await AskAsync(
            "SELECT tidings.put_stream_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            name, former?.Version ?? 0, head.Version, StreamHeadJson.Write(head), bytes, head.Length, Owners(changes), Mores(changes), mostBytes, head.Deadline ?? Null.Number).ConfigureAwait(false);
        return answer switch
        {
            1 => StreamWritten.Yes,
            2 => StreamWritten.Full,
            3 => StreamWritten.WriterFull,
            _ => StreamWritten.Stale,
        };
    }

    public async ValueTask<bool> RemoveAsync(string name, StreamHead known)
    {
        var changes = StreamShares.Changes(known, null);
        return await AskAsync("SELECT tidings.remove_stream_1($1, $2, $3, $4)", name, known.Version, Owners(changes), Mores(changes)).ConfigureAwait(false) is true;
    }

    public async ValueTask<IReadOnlyList<string>> ListDueAsync(long now, int most) =>
        (string[])(await AskAsync("SELECT array(SELECT name FROM tidings.streams WHERE deadline <= $1 ORDER BY deadline LIMIT $2)", now, most).ConfigureAwait(false))!;

    public async ValueTask<(long Streams, long Bytes)> CountAsync() =>
        (0, (long)(await AskAsync("SELECT coalesce(sum(bytes), 0)::bigint FROM tidings.stream_sums WHERE owner = ''").ConfigureAwait(false))!);

    private static string[] Owners(IReadOnlyList<SenderChange> changes) => [.. changes.Select(static change => change.Sender.ToText() ?? "")];

    private static long[] Mores(IReadOnlyList<SenderChange> changes) => [.. changes.Select(static change => change.More)];

    private async Task<object?> AskAsync(string text, params object?[] values)
    {
        var link = await server.GetLinkAsync(options.PublishWait).ConfigureAwait(false);
        return await new Statement(text, values).AskAsync(link.Database).ConfigureAwait(false);
    }
}

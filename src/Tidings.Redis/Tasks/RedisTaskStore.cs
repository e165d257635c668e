using System.Globalization;
using Tidings.Redis.Servers;
using Tidings.Tasks;

namespace Tidings.Redis.Tasks;

/// <summary>Tasks on Redis: each change is one script there, by Redis' clock. Safe from any thread.</summary>
internal sealed class RedisTaskStore(RedisShard[] shards, RedisOptions options, RedisMetrics metrics) : ITaskStore
{
    // What is due must still be there when somebody looks, though all nodes were away for a while.
    private static readonly TimeSpan Afterlife = TimeSpan.FromDays(1);

    public bool IsWatched => true;

    public async ValueTask<TaskAdded> TryAddAsync(TaskRecord record, TimeSpan due) =>
        await PutAsync(record, "", due).ConfigureAwait(false) ? TaskAdded.Yes : TaskAdded.Exists;

    public async ValueTask<TaskRecord?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        var link = await LinkAsync(id, cancellationToken).ConfigureAwait(false);
        var fields = (RedisAnswer[])await link.Connection.ExecuteAsync("HMGET", link.Keys.Task(id), "v", "r").ConfigureAwait(false);
        return fields[0].IsNull ? null : Decode(fields[0], fields[1]);
    }

    public async ValueTask<bool> TryReplaceAsync(TaskRecord record, long version, TimeSpan due) =>
        await PutAsync(record, version, due).ConfigureAwait(false);

    public async ValueTask RemoveAsync(string id, long version) =>
        await RunAsync(RedisScript.RemoveTask, id, version).ConfigureAwait(false);

    public ValueTask<IReadOnlyList<TaskRecord>> ListDueAsync(int most, CancellationToken cancellationToken = default) => ListAsync("due", most, cancellationToken);

    public ValueTask<IReadOnlyList<TaskRecord>> ListAsync(int most, CancellationToken cancellationToken = default) => ListAsync("all", most, cancellationToken);

    private async ValueTask<IReadOnlyList<TaskRecord>> ListAsync(string which, int most, CancellationToken cancellationToken)
    {
        List<TaskRecord> found = [];
        foreach (var shard in shards)
        {
            var link = await shard.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
            var listed = (RedisAnswer[])await link.Connection.EvaluateAsync(RedisScript.DueTasks, [link.Keys.DueTasks, link.Keys.TasksClock], [link.Keys.TaskPrefix, most - found.Count, which], cancellationToken).ConfigureAwait(false);
            for (var i = 0; i + 1 < listed.Length; i += 2)
            {
                if (Decode(listed[i], listed[i + 1]) is { } record)
                {
                    found.Add(record);
                }
            }

            if (found.Count >= most)
            {
                break;
            }
        }

        return found;
    }

    private Task<bool> PutAsync(TaskRecord record, RedisValue former, TimeSpan due) => RunAsync(
        RedisScript.PutTask, record.Id, record.Version, TaskRecordJson.Write(record), Milliseconds(due), Milliseconds(Afterlife), former);

    private static long Milliseconds(TimeSpan time) => Math.Max(1, (long)time.TotalMilliseconds);

    private ValueTask<RedisLink> LinkAsync(string id, CancellationToken cancellationToken) =>
        shards[RedisSpread.IndexOf(id, shards.Length)].GetLinkAsync(options.PublishWait, cancellationToken);

    private async Task<bool> RunAsync(RedisScript script, string id, params RedisValue[] arguments)
    {
        var link = await LinkAsync(id, CancellationToken.None).ConfigureAwait(false);
        return (long)await link.Connection.EvaluateAsync(
            script, [link.Keys.Task(id), link.Keys.DueTasks, link.Keys.TasksClock], [RedisKeys.Encode(id), .. arguments], CancellationToken.None).ConfigureAwait(false) == 1;
    }

    // Whatever it is that somebody else has written there, it is no task.
    private TaskRecord? Decode(RedisAnswer version, RedisAnswer record)
    {
        if (long.TryParse((string)version, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && !record.IsNull
            && TaskRecordJson.Read((byte[])record, number) is { } task)
        {
            return task;
        }

        metrics.Dropped("task");
        return null;
    }
}

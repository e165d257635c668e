using System.Threading.Channels;
using Tidings.Brokers;
using Tidings.PostgreSql.Databases;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Logs;

/// <summary>What of a log is asked for.</summary>
/// <param name="Channel">Whose.</param>
/// <param name="After">Only places behind this one.</param>
/// <param name="Before">Only places before this one.</param>
/// <param name="IsLast">Whether those are wanted that are newest, and not those that are oldest.</param>
/// <param name="Most">The most messages.</param>
/// <param name="State">Whether the channel's state is wanted besides.</param>
internal readonly record struct ReadRequest(string Channel, long After, long Before, bool IsLast, int Most, bool State);

/// <summary>What was read.</summary>
/// <param name="Birth">Which log of the name it is.</param>
/// <param name="Top">The newest position.</param>
/// <param name="Messages">Place, time and payload, in order.</param>
/// <param name="State">The same of the state's entries.</param>
internal sealed record ReadAnswer(long Birth, StreamPosition Top, List<(long Place, long Time, byte[] Payload)> Messages, List<(long Place, long Time, byte[] Payload)> State);

/// <summary>Reads logs: what is asked for while a reading is at work goes into the next one together. Safe from any thread.</summary>
internal sealed class ReadQueue : IAsyncDisposable
{
    private const int MostItems = 256;
    private const string Text = "SELECT n, birth, top, place, at, payload, key IS NOT NULL FROM tidings.read_1($1, $2, $3, $4, $5, $6)";

    private readonly PostgreSqlServer _server;
    private readonly Channel<Item> _waiting = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _running;

    public ReadQueue(PostgreSqlServer server)
    {
        _server = server;
        _running = Task.Run(RunAsync);
    }

    /// <exception cref="BrokerUnavailableException">The database cannot be read.</exception>
    public Task<ReadAnswer> ReadAsync(PostgreSqlLink link, ReadRequest request, CancellationToken cancellationToken = default)
    {
        var item = new Item(link, request);
        if (!_waiting.Writer.TryWrite(item))
        {
            throw new BrokerUnavailableException("The node has ended.");
        }

        return item.Done.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.Complete();
        await _running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            List<Item> items = [];
            while (items.Count < MostItems && _waiting.Reader.TryRead(out var item))
            {
                items.Add(item);
            }

            foreach (var some in items.GroupBy(static item => item.Link))
            {
                await ReadAsync(some.Key, [.. some]).ConfigureAwait(false);
            }
        }
    }

    private async Task ReadAsync(PostgreSqlLink link, Item[] items)
    {
        try
        {
            var answers = await new Statement(
                Text,
                items.Select(static item => item.Request.Channel).ToArray(),
                items.Select(static item => item.Request.After).ToArray(),
                items.Select(static item => item.Request.Before).ToArray(),
                items.Select(static item => item.Request.IsLast).ToArray(),
                items.Select(static item => item.Request.Most).ToArray(),
                items.Select(static item => item.Request.State).ToArray())
                .RunAsync(link.Database, rows => ReadRowsAsync(rows, link, items)).ConfigureAwait(false);
            for (var i = 0; i < items.Length; i++)
            {
                items[i].Done.TrySetResult(answers[i]);
            }
        }
#pragma warning disable CA1031 // Whoever asked is told; the queue goes on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            if (error is BrokerUnavailableException { InnerException: { } cause })
            {
                _server.Failed(link, cause);
            }

            foreach (var item in items)
            {
                item.Done.TrySetException(error);
            }
        }
    }

    private static async Task<ReadAnswer[]> ReadRowsAsync(Npgsql.NpgsqlDataReader rows, PostgreSqlLink link, Item[] items)
    {
        var answers = new ReadAnswer[items.Length];
        while (await rows.ReadAsync().ConfigureAwait(false))
        {
            var index = rows.GetInt32(0) - 1;
            if (answers[index] is not { } answer)
            {
                var birth = rows.GetInt64(1);
                answers[index] = answer = new ReadAnswer(birth, new StreamPosition(LogEpoch.Of(link.Generation, birth, items[index].Request.Channel), rows.GetInt64(2)), [], []);
            }

            if (!rows.IsNull(3))
            {
                (rows.GetBoolean(6) ? answer.State : answer.Messages).Add((rows.GetInt64(3), rows.GetInt64(4), rows.Bytes(5)));
            }
        }

        foreach (var answer in answers)
        {
            answer.Messages.Sort(static (one, other) => one.Place.CompareTo(other.Place));
            answer.State.Sort(static (one, other) => one.Place.CompareTo(other.Place));
        }

        return answers;
    }

    private sealed record Item(PostgreSqlLink Link, ReadRequest Request)
    {
        public TaskCompletionSource<ReadAnswer> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

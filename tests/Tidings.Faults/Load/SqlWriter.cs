using System.Globalization;
using TestKit;
using Tidings.Faults.Journals;

namespace Tidings.Faults.Load;

/// <summary>A back end that publishes in transactions of its own, by <c>psql</c>: some end late, some roll back, some are killed. What became of one it learns by saying the same once more, with the same key, to a node.</summary>
internal sealed class SqlWriter(string name, PublisherContext context, Func<PostgreSqlServer> server, Random random)
{
    private const int LongestWait = 2000;

    private readonly Publisher _speaker = new(name, context, random);
    private int _unsaid;

    /// <summary>Transactions that were committed, as far as it was told.</summary>
    public int Committed { get; private set; }

    /// <param name="finish">Begins nothing new any more.</param>
    /// <param name="end">Gives up what is not answered.</param>
    public async Task RunAsync(CancellationToken finish, CancellationToken end)
    {
        while (!finish.IsCancellationRequested)
        {
            var channel = context.Channels[random.Next(context.Channels.Count)];
            if (random.Next(4) == 0)
            {
                await RollBackAsync(channel);
            }
            else
            {
                var late = random.Next(3) == 0 ? random.Next(LongestWait) : 0;
                await _speaker.SayAsync(channel, durable: false, end, first: async (key, payload) => Committed += await TryAsync(channel, key, payload, late, "COMMIT") ? 1 : 0);
            }

            await Task.Delay(random.Next(100, 400), end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Nobody may ever hear it.
    private async Task RollBackAsync(string channel)
    {
        var said = string.Create(CultureInfo.InvariantCulture, $"{name}-unsaid-{++_unsaid}");
        context.Journal.Begin(new Publish(channel, said)).Refused();
        await TryAsync(channel, said, Payload.Make(said, 100), 0, "ROLLBACK");
    }

    private Task<bool> TryAsync(string channel, string key, string payload, int wait, string end) => Task.Run(() =>
    {
        try
        {
            server().Query("postgres", string.Create(
                CultureInfo.InvariantCulture, $"BEGIN; SELECT tidings.publish('{channel}', '{payload}'::text, idempotency_key => '{key}'); SELECT pg_sleep({wait / 1000.0}); {end}"));
            return true;
        }
        catch (ExpectationException)
        {
            // The server was killed, or its session was ended.
            return false;
        }
    });
}

using System.Collections.Concurrent;
using TestKit;
using Tidings.Client;
using Tidings.Faults.Load;
using Tidings.Faults.Scenarios;

namespace Tidings.Faults.World;

/// <summary>Channels with a state, their writers, and maps that watch them over all faults: no change that was answered is missing, none that was taken out comes back.</summary>
internal sealed class StateBoards : IAsyncDisposable
{
    private const int Boards = 3;
    private const int Writers = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly FaultWorld _world;
    private readonly CancellationTokenSource _finish = new();
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<string> _faults = [];
    private readonly List<Board> _boards = [];
    private readonly List<Task> _writing = [];

    public StateBoards(FaultWorld world)
    {
        _world = world;
        for (var i = 0; i < Boards; i++)
        {
            var channel = $"board:{i}";
            var writers = Enumerable.Range(0, Writers)
                .Select(n => new BoardWriter($"w{n}", channel, world.Http, () => world.Nodes[0].Address, new Random(world.Options.Seed + 5000 + (10 * i) + n))).ToList();
            var client = NewClient();
            _boards.Add(new Board(channel, writers, client, client.SubscribeMap<string>(channel, new MapOptions<string> { Changed = change => Watch(channel, change) })));
            _writing.AddRange(writers.Select(writer => Task.Run(() => writer.RunAsync(_finish.Token, _end.Token))));
        }
    }

    /// <summary>What was answered until now is there, for somebody who comes now.</summary>
    public async Task CheckAsync()
    {
        foreach (var board in _boards)
        {
            var answered = board.Answered();
            await using var client = NewClient();
            await using var map = client.SubscribeMap<string>(board.Channel);
            await map.WaitAsync().WaitAsync(Patience);
            foreach (var (key, last) in answered)
            {
                var found = map.Find(key);
                if (found is null ? last.Value is not null && !board.IsPast(key, last) : found.Position.Epoch != last.Position.Epoch || found.Position.Offset < last.Position.Offset || (last.Value is null && found.Position == last.Position))
                {
                    _faults.Enqueue($"{board.Channel}: {key} was {last.Value ?? "taken out"} at {last.Position} and is {found?.Value ?? "not there"} at {found?.Position}");
                }
            }
        }
    }

    /// <summary>All is answered, and every map is what was answered.</summary>
    public async Task SettleAsync(Verdict verdict)
    {
        await _finish.CancelAsync();
        await Task.WhenAll(_writing).WaitAsync(Patience);
        await CheckAsync();
        foreach (var board in _boards)
        {
            var truth = board.Answered().Where(static one => one.Value.Value is not null).ToDictionary(static one => one.Key, static one => one.Value);
            await Eventually.TrueAsync(() => board.Map.IsReady && IsSame(truth, board.Map), $"the map of {board.Channel} is what was answered", Patience);
        }

        var changes = _boards.Sum(static board => board.Writers.Sum(static writer => writer.Answered));
        verdict.Require(changes > 0, "no state was changed");
        verdict.Require(_faults.IsEmpty, $"of the states:\n{string.Join('\n', _faults.Take(20))}");
        verdict.Measure("state changes", $"{changes}");
        verdict.Measure("keys", $"{_boards.Sum(static board => board.Map.Count)}");
    }

    public async ValueTask DisposeAsync()
    {
        await _finish.CancelAsync();
        await _end.CancelAsync();
        await Task.WhenAll(_writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var board in _boards)
        {
            await board.Client.DisposeAsync();
        }

        _finish.Dispose();
        _end.Dispose();
    }

    private static bool IsSame(Dictionary<string, BoardValue> truth, ChannelMap<string> map) =>
        truth.Count == map.Count && truth.All(one => map.Find(one.Key) is { } entry && entry.Position == one.Value.Position && entry.Value == one.Value.Value);

    private void Watch(string channel, MapChange<string> change)
    {
        if (change is { Previous.Position: var before, Current.Position: var now } && (now.Epoch != before.Epoch || now.Offset <= before.Offset))
        {
            _faults.Enqueue($"{channel}: {change.Key} went from {before} to {now}");
        }
    }

    private TidingsClient NewClient() => new(
        new UriBuilder(_world.ReaderContext.Front) { Scheme = "ws", Path = "/connect" }.Uri, new TidingsClientOptions { Transports = [ClientTransport.WebSocket] });

    private sealed record Board(string Channel, IReadOnlyList<BoardWriter> Writers, TidingsClient Client, ChannelMap<string> Map)
    {
        public Dictionary<string, BoardValue> Answered() => Writers.SelectMany(static writer => writer.Snapshot()).ToDictionary(StringComparer.Ordinal);

        /// <summary>Whether a key may have been taken out since.</summary>
        public bool IsPast(string key, BoardValue before) => Writers.Any(writer => writer.MayHaveChanged(key, before));
    }
}

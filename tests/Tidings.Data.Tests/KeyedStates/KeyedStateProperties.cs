using TestKit;
using Tidings.Data.Logs;
using Tidings.Data.Tests.World;

namespace Tidings.Data.Tests.KeyedStates;

/// <summary>Whatever becomes of a node and its segments, the state is the one that was written at the offset that its log has, or its epoch is new.</summary>
public sealed class KeyedStateProperties : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly DataWorld _world;

    public KeyedStateProperties() => _world = new DataWorld(_time);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Steps_restarts_kills_erasing_and_compaction_leave_the_state_that_was_written(int round)
    {
        var (random, seed) = Begin();
        StateBook[] books = [new("none", 0), new("few", 3), new("all", 10_000)];
        var world = _world;
        var node = world.Start();
        for (var i = 0; i < 400; i++)
        {
            foreach (var book in books)
            {
                await book.StepAsync(node, random, keys: 12);
            }

            // So that segments fill up.
            await node.SayAsync("filler", new string('x', 40_000), history: random.Next(1, 200));
            if (random.Next(15) == 0 && books[random.Next(3)] is { Now.Count: > 0 } one)
            {
                await one.EraseAsync(node, one.Now.Keys.First());
            }

            switch (random.Next(60))
            {
                case 0:
                    node = await world.RestartAsync();
                    break;
                case 1 when world.Kill() is { } killed:
                    await world.DisposeAsync();
                    (world, node) = (killed, killed.Start());
                    break;
                case < 5:
                    _time.Advance(TimeSpan.FromMinutes(random.Next(1, 4)));
                    await ((DataBroker)node.Broker).Compactor.CompactAsync();
                    break;
                default:
                    continue;
            }

            foreach (var book in books)
            {
                await book.JudgeAsync(node, $"round {round}, seed {seed}, step {i}");
            }
        }

        await world.DisposeAsync();
    }

    [Fact]
    public async Task Each_byte_flipped_zeroed_or_cut_off_leaves_the_state_of_an_offset_or_a_new_epoch()
    {
        var (random, seed) = Begin();
        StateBook[] books = [new("none", 0), new("some", 5)];
        var node = _world.Start();
        for (var i = 0; i < 80; i++)
        {
            await books[random.Next(2)].StepAsync(node, random, keys: 5);
        }

        await using var original = _world.Kill();
        var bytes = await File.ReadAllBytesAsync(original.Layout.Segment(1));
        var used = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        for (var i = 0; i < 100; i++)
        {
            var at = i < 50 ? used - 1 - i : random.Next(used);
            await using var damaged = original.Kill();
            var changed = bytes.ToArray();
            switch (i % 3)
            {
                case 0:
                    changed[at] ^= 0x40;
                    break;
                case 1:
                    // As a process leaves it that was killed while it wrote.
                    changed.AsSpan(at).Clear();
                    break;
                default:
                    changed = changed[..at];
                    break;
            }

            await File.WriteAllBytesAsync(damaged.Layout.Segment(1), changed);
            node = damaged.Start();
            foreach (var book in books)
            {
                await book.JudgeAsync(node, $"seed {seed}, at {at} of {used}", isSameEpoch: false);
            }
        }
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static (Random Random, int Seed) Begin()
    {
        var seed = Seeds.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        return (new Random(seed), seed);
    }
}

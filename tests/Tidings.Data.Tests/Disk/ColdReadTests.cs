using System.Text;
using TestKit;
using Tidings.Data.Tests.World;
using Tidings.Protocol;

namespace Tidings.Data.Tests.Disk;

/// <summary>What memory does not have is read from segments, to the same effect.</summary>
public sealed class ColdReadTests : IAsyncDisposable
{
    private const int Messages = 3000;
    private const int Kept = 2000;

    private readonly DataWorld _world = new();

    [Fact]
    public async Task Every_way_of_reading_answers_from_files_what_it_answers_from_memory()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var node = _world.Start();
        var top = default(StreamPosition);
        for (var i = 1; i <= Messages; i++)
        {
            top = await node.SayAsync("log", $"{i}" + new string('x', i % 1000 == 0 ? 100_000 : i % 7), history: Kept);
            await node.SayAsync($"other{i % 3}", "y", history: 10);
        }

        await using var cold = _world.Kill();
        cold.Start();

        // Half of it in memory, half in files.
        await using var mixed = _world.Kill();
        mixed.Start();
        for (var i = 0; i < 300; i++)
        {
            var offset = random.Next(-1, Messages + 3);
            var limit = random.Next(3) switch { 0 => (int?)null, 1 => random.Next(0, 5), _ => random.Next(0, 3000) };
            var request = random.Next(3) switch
            {
                0 when offset >= 0 => new Brokers.HistoryRequest(top with { Offset = offset }, 0, limit),
                1 when offset >= 0 => Brokers.HistoryRequest.Backwards(top with { Offset = offset }, limit ?? 100),
                _ => new Brokers.HistoryRequest(null, random.Next(0, 3000), limit),
            };
            var expected = await node.Broker.ReadAsync("log", request);
            var part = await cold.Node!.Broker.ReadAsync("log", request);
            Assert.True(expected.Recovered == part.Recovered && expected.Top == part.Top, $"{request}: {expected.Recovered} {expected.Top}, {part.Recovered} {part.Top}");
            Assert.Equal(Texts(expected), Texts(part));
        }

        for (var i = Messages + 1; i <= Messages + 50; i++)
        {
            await mixed.Node!.SayAsync("log", $"{i}", history: Kept);
            var from = random.Next(Messages - 1900, i);
            var part = await mixed.Node!.ReadAsync("log", top with { Offset = from });
            Assert.True(part.Recovered);
            Assert.Equal(Enumerable.Range(from + 1, i - from).Select(static one => (long)one), part.Messages.Select(static message => message.Offset));
        }
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static IEnumerable<string> Texts(Brokers.HistoryPart part) => part.Messages.Select(static message => $"{message.Offset} {Encoding.UTF8.GetString(message.Data.Bytes.Span)}");
}

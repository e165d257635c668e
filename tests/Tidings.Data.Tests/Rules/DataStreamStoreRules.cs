using Tidings.Data.Streams;
using Tidings.Data.Tests.World;
using Tidings.Specification;
using Tidings.Streams;

namespace Tidings.Data.Tests.Rules;

public sealed class DataStreamStoreRules : StreamStoreRules, IAsyncDisposable
{
    private const long Now = 1_800_000_000_000;

    private readonly DataWorld _world = new(new ManualTime());
    private readonly Lazy<DataStreamStore> _small;
    private readonly string _directory = Path.Combine(Path.GetTempPath(), "tidings-streams-" + Guid.NewGuid().ToString("N"));

    public DataStreamStoreRules()
    {
        _world.Start();
        _small = new(() => DataStreamStore.Open(Path.Combine(Directory.CreateDirectory(_directory).FullName, "streams.db"), MostBytes, TimeProvider.System));
    }

    protected override IStreamStore Store => _small.Value;

    [Fact]
    public async Task After_a_restart_and_after_a_kill_streams_are_as_they_were_acknowledged_and_go_on()
    {
        var store = _world.Backplane.Streams;
        var head = Head(0);
        await store.WriteAsync("kept", null, head, default, Now);
        var text = "";
        for (var i = 0; i < 500; i++)
        {
            var word = $"{i} ";
            text += word;
            var next = head with { Version = head.Version + 1, Length = text.Length };
            Assert.Equal(StreamWritten.Yes, await store.WriteAsync("kept", head, next, Bytes(word), Now));
            head = next;
        }

        await store.WriteAsync("removed", null, Head(1), Bytes("x"), Now);
        await store.RemoveAsync("removed", Head(1));
        await using var killed = _world.Kill();
        await _world.RestartAsync();
        killed.Start();
        foreach (var world in new[] { _world, killed })
        {
            store = world.Backplane.Streams;
            var found = (await store.ReadAsync("kept", 0, 10_000))!.Value;
            Assert.Equal((head.Version, text), (found.Head.Version, System.Text.Encoding.UTF8.GetString(found.Bytes.Span)));
            Assert.Null(await store.ReadAsync("removed", 0, 1));
            Assert.Equal(head.Cost, (await store.CountAsync()).Bytes);
            Assert.Equal(StreamWritten.Yes, await store.WriteAsync("kept", head, head with { Version = head.Version + 1, Length = head.Length + 1 }, Bytes("!"), Now));
            Assert.Equal(text[^5..] + "!", System.Text.Encoding.UTF8.GetString((await store.ReadAsync("kept", text.Length - 5, 10_000))!.Value.Bytes.Span));
            Assert.Equal(StreamWritten.Yes, await store.WriteAsync("new", null, Head(1), Bytes("y"), Now));
            Assert.Equal("y", System.Text.Encoding.UTF8.GetString((await store.ReadAsync("new", 0, 10))!.Value.Bytes.Span));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        if (_small.IsValueCreated)
        {
            _small.Value.Dispose();
            Directory.Delete(_directory, recursive: true);
        }
    }
}

using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.Tasks.Tests.Units;

/// <summary>The rules of streams on manual time, in memory.</summary>
public sealed class StreamEngineTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly MemoryStreamStore _store = new(new SenderShares(1024 * 1024));
    private readonly MemoryBroker _broker;
    private readonly StreamEngine _streams;

    public StreamEngineTests()
    {
        var hub = new Hub(_time);
        _broker = new MemoryBroker(hub, _time);
        _streams = new StreamEngine(_store, new StreamOptions { StreamBytes = 100_000 }, new StreamSignals(hub, _broker, isShared: false, _time), new OwnClock(_time), _time, NullLogger.Instance);
    }

    public void Dispose()
    {
        _streams.Dispose();
        _broker.Dispose();
    }

    [Fact]
    public async Task A_producers_requests_are_appended_once_each_in_their_order()
    {
        await MakeAsync();
        Assert.Equal((StreamVerdict.Appended, 0), await ProduceAsync("a", 0, 0));
        Assert.Equal((StreamVerdict.Appended, 1), await ProduceAsync("b", 0, 1));
        Assert.Equal((StreamVerdict.Repeated, 1), await ProduceAsync("a", 0, 0));
        Assert.Equal((StreamVerdict.Repeated, 1), await ProduceAsync("b", 0, 1));
        Assert.Equal((StreamVerdict.ProducerGap, 1), await ProduceAsync("d", 0, 3));
        Assert.Equal((StreamVerdict.EpochBegins, 1), await ProduceAsync("x", 1, 1));
        Assert.Equal((StreamVerdict.Appended, 0), await ProduceAsync("c", 2, 0));
        Assert.Equal((StreamVerdict.Fenced, 0), await ProduceAsync("x", 0, 2));
        Assert.Equal((StreamVerdict.ProducerGap, -1), await ProduceAsync("x", 0, 5, "other"));
        Assert.Equal("abc", await TextAsync());
    }

    [Fact]
    public async Task A_writer_too_many_is_refused_and_those_that_are_known_and_the_server_go_on()
    {
        await MakeAsync();
        for (var i = 0; i < StreamShares.MostWriters; i++)
        {
            Assert.Equal(StreamVerdict.Appended, await AppendAsync(Sender.Of($"user {i}", default)));
        }

        Assert.Equal(StreamVerdict.TooManyWriters, await AppendAsync(Sender.Of("one more", default)));
        Assert.Equal(StreamVerdict.Appended, await AppendAsync(Sender.Of("user 0", default)));
        Assert.Equal(StreamVerdict.Appended, await AppendAsync(Sender.Server));
        Assert.Equal(new string('x', StreamShares.MostWriters + 2), await TextAsync());

        async Task<StreamVerdict> AppendAsync(Sender writer) => (await _streams.AppendAsync("s", new StreamAppend(writer, Bytes("x")))).Verdict;
    }

    [Fact]
    public async Task A_stream_that_was_made_anew_is_not_written_by_whoever_had_read_the_one_before()
    {
        await MakeAsync();
        var before = (await _streams.FindAsync("s"))!;
        await _streams.DeleteAsync("s");
        await MakeAsync();
        Assert.Equal(StreamWritten.Stale, await _store.WriteAsync("s", before, before with { Version = before.Version + 1, Length = before.Length + 1 }, Bytes("x"), 0));
    }

    [Fact]
    public async Task A_producer_too_many_is_refused_and_none_is_forgotten()
    {
        await MakeAsync();
        for (var i = 0; i < StreamRules.MostProducers; i++)
        {
            Assert.Equal(StreamVerdict.Appended, (await ProduceAsync("x", 0, 0, $"p{i}")).Item1);
        }

        Assert.Equal(StreamVerdict.TooManyProducers, (await ProduceAsync("x", 0, 0, "one more")).Item1);
        Assert.Equal(StreamVerdict.Repeated, (await ProduceAsync("x", 0, 0, "p0")).Item1);
    }

    [Fact]
    public async Task Sequences_go_on_by_the_order_of_their_bytes()
    {
        await MakeAsync();
        Assert.Equal(StreamVerdict.Appended, await AppendAsync(new(Sender.Server, Bytes("1")) { Sequence = "09" }));
        Assert.Equal(StreamVerdict.Appended, await AppendAsync(new(Sender.Server, Bytes("2")) { Sequence = "10" }));
        Assert.Equal(StreamVerdict.SequenceBehind, await AppendAsync(new(Sender.Server, Bytes("3")) { Sequence = "10" }));
        Assert.Equal(StreamVerdict.SequenceBehind, await AppendAsync(new(Sender.Server, Bytes("3")) { Sequence = "1" }));
        Assert.Equal(StreamVerdict.Appended, await AppendAsync(new(Sender.Server, Bytes("3")) { Sequence = "\uFFFD" }));
        Assert.Equal(StreamVerdict.Appended, await AppendAsync(new(Sender.Server, Bytes("4")) { Sequence = "😀" }));
    }

    [Fact]
    public async Task By_its_place_a_repeat_is_known_and_what_is_new_of_it_is_appended()
    {
        await MakeAsync();
        Assert.Equal(StreamVerdict.Appended, await AppendAsync(new(Sender.Server, Bytes("hello")) { Offset = 0 }));
        Assert.Equal(StreamVerdict.Repeated, await AppendAsync(new(Sender.Server, Bytes("hello")) { Offset = 0 }));
        Assert.Equal(StreamVerdict.Repeated, await AppendAsync(new(Sender.Server, Bytes("ell")) { Offset = 1 }));
        Assert.Equal(StreamVerdict.OtherPlace, await AppendAsync(new(Sender.Server, Bytes("help")) { Offset = 0 }));
        Assert.Equal(StreamVerdict.OtherPlace, await AppendAsync(new(Sender.Server, Bytes("x")) { Offset = 6 }));
        Assert.Equal(StreamVerdict.Appended, await AppendAsync(new(Sender.Server, Bytes("lo world")) { Offset = 3 }));
        Assert.Equal("hello world", await TextAsync());
        Assert.Equal(StreamVerdict.Appended, await AppendAsync(new(Sender.Server, default) { Closes = true }));
        Assert.Equal(StreamVerdict.Repeated, await AppendAsync(new(Sender.Server, Bytes("world")) { Offset = 6 }));
        Assert.Equal(StreamVerdict.Closed, await AppendAsync(new(Sender.Server, Bytes("!")) { Offset = 11 }));
        Assert.Equal(StreamVerdict.Closed, await AppendAsync(new(Sender.Server, Bytes("?")) { Offset = 10 }));
    }

    [Fact]
    public async Task A_checked_text_is_cut_anywhere_and_is_never_anything_but_text()
    {
        var text = Bytes("aä€😀z").ToArray();
        for (var first = 0; first <= text.Length; first++)
        {
            for (var second = first; second <= text.Length; second++)
            {
                await MakeAsync(StreamContentType.Text);
                foreach (var part in new[] { text[..first], text[first..second], text[second..] })
                {
                    Assert.Equal(StreamVerdict.Appended, await AppendAsync(new(Sender.Server, part) { IsChecked = true, Closes = false }));
                }

                Assert.True((await _streams.FindAsync("s"))!.Unfinished.IsEmpty);
                await _streams.DeleteAsync("s");
            }
        }

        foreach (var wrong in new byte[][] { [0xFF], [0xC0, 0x80], [0xE2, 0x28], [0xED, 0xA0, 0x80], [0x80], [0xF5], [0xF4, 0x90] })
        {
            for (var cut = 0; cut < wrong.Length; cut++)
            {
                await MakeAsync(StreamContentType.Text);
                var first = await AppendAsync(new(Sender.Server, wrong.AsMemory(..cut)) { IsChecked = true });
                Assert.Equal(StreamVerdict.NotText, first == StreamVerdict.Appended ? await AppendAsync(new(Sender.Server, wrong.AsMemory(cut..)) { IsChecked = true }) : first);
                await _streams.DeleteAsync("s");
            }
        }
    }

    [Fact]
    public async Task A_stream_lives_as_long_as_somebody_reads_or_writes_it()
    {
        await _streams.CreateAsync("s", new StreamCreation(Sender.Server) { Ttl = 10 });
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(8));
            Assert.NotNull(await _streams.ReadAsync("s", 0, 10));
            _time.Advance(TimeSpan.FromSeconds(8));
            Assert.Equal(StreamVerdict.Appended, await AppendAsync(new(Sender.Server, Bytes("x"))));
        }

        // To look at its head is no use of it.
        _time.Advance(TimeSpan.FromSeconds(8));
        Assert.NotNull(await _streams.FindAsync("s"));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(await _streams.FindAsync("s"));
        Assert.Null(await _streams.ReadAsync("s", 0, 10));
        Assert.Equal(StreamVerdict.NotFound, await AppendAsync(new(Sender.Server, Bytes("x"))));
        Assert.Equal(false, await _streams.DeleteAsync("s"));
        Assert.Equal(0, (await _store.CountAsync()).Bytes);
    }

    [Fact]
    public async Task What_is_over_is_removed_though_nobody_asks()
    {
        await _streams.CreateAsync("s", new StreamCreation(Sender.Server) { ExpiresAt = _time.GetUtcNow().ToUnixTimeMilliseconds() + 1000, Expires = "soon" });
        _time.Advance(TimeSpan.FromSeconds(6));
        await TestKit.Eventually.TrueAsync(async () => (await _store.CountAsync()).Streams == 0, () => "the stream is removed");
    }

    [Fact]
    public async Task A_fork_has_what_its_source_had_and_its_own_and_the_source_is_gone_only_after_it()
    {
        await MakeAsync(StreamContentType.Json, StreamJson.Split(Bytes("[1,[2],\"3\"]"))!);
        var head = (await _streams.FindAsync("s"))!;
        var made = await _streams.CreateAsync("f", new StreamCreation(Sender.Server) { Fork = new StreamFork("s", 0, 2), ForkTag = head.Tag, Bytes = StreamJson.Split(Bytes("4"))! });
        Assert.Equal(StreamMade.Yes, made.Made);
        Assert.NotEqual(head.Tag, made.Head!.Tag);
        var inherited = Assert.Single(made.Head.Origins).Length;
        Assert.True(made.Head.Knows(head.Tag, inherited));
        Assert.False(made.Head.Knows(head.Tag, inherited + 1));
        Assert.True(made.Head.Knows(made.Head.Tag, inherited + 1));
        Assert.Equal("[1,\n[2],\n4]", Encoding.UTF8.GetString(StreamJson.Join((await _streams.ReadAsync("f", 0, 1000))!.Value.Bytes.Span)));
        Assert.Equal(StreamMade.NoSuchPlace, (await _streams.CreateAsync("g", new StreamCreation(Sender.Server) { Fork = new StreamFork("s", 0, 4) })).Made);
        Assert.Equal(StreamMade.NoSuchPlace, (await _streams.CreateAsync("g", new StreamCreation(Sender.Server) { Fork = new StreamFork("s", 1, 0) })).Made);
        Assert.Equal(StreamMade.NoSuchPlace, (await _streams.CreateAsync("g", new StreamCreation(Sender.Server) { Fork = new StreamFork("s", 3, 0), ForkTag = "another" })).Made);
        var ofFork = (await _streams.CreateAsync("ff", new StreamCreation(Sender.Server) { Fork = new StreamFork("f", 0, 1) })).Head!;
        Assert.Equal([(made.Head.Tag, ofFork.Length), (head.Tag, ofFork.Length)], ofFork.Origins.Select(static origin => (origin.Tag, origin.Length)));
        Assert.Equivalent(ofFork.Origins, StreamHeadJson.Read(StreamHeadJson.Write(ofFork), 1)!.Origins);
        Assert.Equal(true, await _streams.DeleteAsync("ff"));
        Assert.Equal(true, await _streams.DeleteAsync("s"));
        Assert.Null(await _streams.DeleteAsync("s"));
        Assert.True((await _streams.FindAsync("s"))!.IsGone);
        Assert.Equal(StreamMade.SourceGone, (await _streams.CreateAsync("g", new StreamCreation(Sender.Server) { Fork = new StreamFork("s", null, 0) })).Made);
        Assert.Equal(true, await _streams.DeleteAsync("f"));
        Assert.Null(await _streams.FindAsync("s"));
        Assert.Equal(0, (await _store.CountAsync()).Bytes);
    }

    [Fact]
    public async Task One_whose_name_is_needed_again_is_forgotten_though_it_has_forks()
    {
        await MakeAsync(StreamContentType.Text, Bytes("old"));
        await _streams.CreateAsync("f", new StreamCreation(Sender.Server) { Fork = new StreamFork("s", null, 0) });
        await _streams.ForgetAsync("s");
        Assert.Null(await _streams.FindAsync("s"));
        await MakeAsync(StreamContentType.Text, Bytes("new"));
        Assert.Equal(true, await _streams.DeleteAsync("f"));
        Assert.Equal("new", Encoding.UTF8.GetString((await _streams.ReadAsync("s", 0, 1000))!.Value.Bytes.Span));
    }

    [Fact]
    public async Task Who_waits_hears_of_each_change_also_of_one_between_reading_and_waiting()
    {
        using var waiter = _streams.Signals.Watch("s");
        var next = waiter.Next;
        Assert.Null(await _streams.ReadAsync("s", 0, 10));
        await MakeAsync();
        await waiter.WaitAsync(next, CancellationToken.None);
        next = waiter.Next;
        Assert.False(next.IsCompleted);
        await AppendAsync(new(Sender.Server, Bytes("x")));
        await waiter.WaitAsync(next, CancellationToken.None);
        next = waiter.Next;
        await _streams.DeleteAsync("s");
        await waiter.WaitAsync(next, CancellationToken.None);
        waiter.Dispose();
        Assert.Equal(0, _streams.Signals.Watched);
    }

    [Fact]
    public async Task Many_who_append_at_once_lose_nothing_and_nothing_is_over_the_bound()
    {
        await MakeAsync();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            for (var j = 0; j < 500; j++)
            {
                await AppendAsync(new(Sender.Server, Bytes($"{(char)('a' + i)}")));
            }
        })));
        var text = await TextAsync();
        Assert.Equal(8000, text.Length);
        Assert.All(Enumerable.Range(0, 16), i => Assert.Equal(500, text.Count(one => one == 'a' + i)));
        Assert.Equal(StreamVerdict.TooLarge, await AppendAsync(new(Sender.Server, new byte[92_001])));
        Assert.Equal(StreamVerdict.Appended, await AppendAsync(new(Sender.Server, new byte[92_000])));
        Assert.Equal(StreamVerdict.TooLarge, await AppendAsync(new(Sender.Server, new byte[1])));
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private async Task MakeAsync(string type = "text/plain", ReadOnlyMemory<byte> bytes = default) =>
        Assert.Equal(StreamMade.Yes, (await _streams.CreateAsync("s", new StreamCreation(Sender.Server) { ContentType = type, Bytes = bytes })).Made);

    private async Task<StreamVerdict> AppendAsync(StreamAppend append) => (await _streams.AppendAsync("s", append)).Verdict;

    private async Task<(StreamVerdict, long)> ProduceAsync(string text, long epoch, long seq, string producer = "p")
    {
        var appended = await _streams.AppendAsync("s", new StreamAppend(Sender.Server, Bytes(text)) { Producer = new StreamProducer(producer, epoch, seq) });
        return (appended.Verdict, appended.Producer?.Seq ?? -2);
    }

    private async Task<string> TextAsync() => Encoding.UTF8.GetString((await _streams.ReadAsync("s", 0, 100_000))!.Value.Bytes.Span);
}

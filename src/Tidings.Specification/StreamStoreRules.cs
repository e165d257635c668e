using System.Text;
using Tidings.Quotas;
using Tidings.Streams;
using Xunit;

namespace Tidings.Specification;

/// <summary>What every store of streams keeps to.</summary>
public abstract class StreamStoreRules
{
    /// <summary>The most that all streams of <see cref="Store"/> may count for.</summary>
    protected const int MostBytes = 2 * 1024 * 1024;

    private const long Now = 1_800_000_000_000;

    protected abstract IStreamStore Store { get; }

    [Fact]
    public async Task What_was_written_is_read_whole_and_from_any_place()
    {
        var name = NewName();
        var head = new StreamHead
        {
            Tag = "0123456789abcdef", ContentType = "text/plain; charset=\"ü\"", Length = 6, IsClosed = true, ClosedBy = new StreamProducer("p \" ü", 3, 9), Failure = "failed", Ttl = 60, Expires = "2030-01-01T00:00:00Z",
            ExpiresAt = Now + 100_000, Touched = Now, Sequence = "10", Producers = [new StreamProducer("p \" ü", 3, 9), new StreamProducer("q", 0, long.MaxValue)], Fork = new StreamFork("a/ü", 7, 2),
            Forks = 2, Owner = Sender.OfUser("user \u0001"), Writers = [new StreamShare(Sender.OfUser("another"), 3), new StreamShare(Sender.Server, 1)], Unfinished = new byte[] { 0xE2, 0x82 },
        };
        Assert.Equal(StreamWritten.Yes, await Store.WriteAsync(name, null, head, Bytes("hällo"), Now));
        var found = (await Store.ReadAsync(name, 0, 100))!.Value;
        Assert.Equal("hällo", Encoding.UTF8.GetString(found.Bytes.Span));
        Assert.Equal(head.ToJson(), found.Head.ToJson());
        Assert.Equal(1, found.Head.Version);
        Assert.Equal("llo", Encoding.UTF8.GetString((await Store.ReadAsync(name, 3, 100))!.Value.Bytes.Span));
        Assert.Equal("l", Encoding.UTF8.GetString((await Store.ReadAsync(name, 3, 1))!.Value.Bytes.Span));
        Assert.Empty((await Store.ReadAsync(name, 6, 100))!.Value.Bytes.ToArray());
        Assert.Empty((await Store.ReadAsync(name, 600, 100))!.Value.Bytes.ToArray());
        Assert.Empty((await Store.ReadAsync(name, 0, 0))!.Value.Bytes.ToArray());
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_and_not_replaced()
    {
        var name = NewName();
        Assert.Null(await Store.ReadAsync(name, 0, 1));
        Assert.Equal(StreamWritten.Stale, await Store.WriteAsync(name, Head(0), Head(1) with { Version = 2 }, Bytes("x"), Now));
        Assert.False(await Store.RemoveAsync(name, Head(1)));
    }

    [Fact]
    public async Task A_write_needs_the_version_that_is_there()
    {
        var name = NewName();
        Assert.Equal(StreamWritten.Yes, await Store.WriteAsync(name, null, Head(1), Bytes("a"), Now));
        Assert.Equal(StreamWritten.Stale, await Store.WriteAsync(name, null, Head(1), Bytes("b"), Now));
        Assert.Equal(StreamWritten.Yes, await Store.WriteAsync(name, Head(1), Head(2) with { Version = 2 }, Bytes("b"), Now));
        Assert.Equal(StreamWritten.Stale, await Store.WriteAsync(name, Head(1), Head(2) with { Version = 2 }, Bytes("c"), Now));
        Assert.Equal("ab", await TextAsync(name));
        Assert.False(await Store.RemoveAsync(name, Head(1)));
        Assert.True(await Store.RemoveAsync(name, Head(2) with { Version = 2 }));
        Assert.Null(await Store.ReadAsync(name, 0, 10));

        // Another one has nothing of it.
        Assert.Equal(StreamWritten.Yes, await Store.WriteAsync(name, null, Head(1), Bytes("z"), Now));
        Assert.Equal("z", await TextAsync(name));
    }

    [Fact]
    public async Task Of_many_writes_of_one_version_one_is_made()
    {
        var name = NewName();
        var made = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () => await Store.WriteAsync(name, null, Head(1), Bytes("0"), Now))));
        Assert.Equal(1, made.Count(static one => one == StreamWritten.Yes));
        for (var round = 1; round <= 10; round++)
        {
            var head = (await Store.ReadAsync(name, 0, 0))!.Value.Head;
            made = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () => await Store.WriteAsync(
                name, head, head with { Version = head.Version + 1, Length = head.Length + 1 }, Bytes($"{round % 10}"), Now))));
            Assert.Equal(1, made.Count(static one => one == StreamWritten.Yes));
        }

        Assert.Equal("01234567890", await TextAsync(name));
    }

    [Fact]
    public async Task Many_small_and_some_large_writes_are_read_in_their_order_in_parts_of_any_size()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        var name = NewName();
        var head = Head(0);
        await Store.WriteAsync(name, null, head, default, Now);
        var whole = new MemoryStream();
        for (var i = 0; i < 400; i++)
        {
            var bytes = new byte[random.Next(20) == 0 ? random.Next(30_000) : random.Next(60)];
            random.NextBytes(bytes);
            await whole.WriteAsync(bytes);
            var next = head with { Version = head.Version + 1, Length = head.Length + bytes.Length };
            Assert.Equal(StreamWritten.Yes, await Store.WriteAsync(name, head, next, bytes, Now));
            head = next;
            var at = random.Next((int)whole.Length + 1);
            var most = random.Next(1, 70_000);
            var read = (await Store.ReadAsync(name, at, most))!.Value.Bytes;
            Assert.True(read.Span.SequenceEqual(whole.GetBuffer().AsSpan(at, Math.Min(most, (int)whole.Length - at))), $"seed {seed}: {read.Length} bytes at {at} after {i}");
        }
    }

    [Fact]
    public async Task Together_streams_have_what_they_may_and_one_owner_a_share()
    {
        List<string> names = [];
        var user = Sender.OfUser("greedy");
        StreamWritten written;
        while ((written = await WriteAsync(user)) == StreamWritten.Yes)
        {
            Assert.True(names.Count < 100);
        }

        // Half of it, and the others go on.
        Assert.Equal(StreamWritten.WriterFull, written);
        Assert.InRange(names.Count, 8, 10);
        Assert.Equal(StreamWritten.Yes, await WriteAsync(Sender.OfUser("other")));
        while ((written = await WriteAsync(Sender.Server)) == StreamWritten.Yes)
        {
            Assert.True(names.Count < 100);
        }

        Assert.Equal(StreamWritten.Full, written);
        foreach (var name in names)
        {
            Assert.True(await Store.RemoveAsync(name, (await Store.ReadAsync(name, 0, 0))!.Value.Head));
        }

        Assert.Equal(0, (await Store.CountAsync()).Bytes);
        Assert.Equal(StreamWritten.Yes, await WriteAsync(user));
        Assert.True(await Store.RemoveAsync(names[^1], (await Store.ReadAsync(names[^1], 0, 0))!.Value.Head));

        async Task<StreamWritten> WriteAsync(Sender owner)
        {
            var name = NewName();
            var result = await Store.WriteAsync(name, null, Head(100_000) with { Owner = owner }, new byte[100_000], Now);
            if (result == StreamWritten.Yes)
            {
                names.Add(name);
            }

            return result;
        }
    }

    [Fact]
    public async Task What_is_written_to_somebody_elses_stream_counts_against_who_writes()
    {
        const int Part = 100_000;
        var (maker, writer) = (Sender.OfUser("maker"), Sender.OfUser("writer"));
        var name = NewName();
        var head = Head(0) with { Owner = maker };
        Assert.Equal(StreamWritten.Yes, await Store.WriteAsync(name, null, head, default, Now));
        StreamWritten written;
        var parts = 0;
        for (; (written = await AppendAsync(writer)) == StreamWritten.Yes; parts++)
        {
            Assert.True(parts < 100);
        }

        // Half of it, and the maker and everybody else go on.
        Assert.Equal(StreamWritten.WriterFull, written);
        Assert.InRange(parts, 8, 10);
        Assert.Equal(StreamWritten.Yes, await AppendAsync(maker));
        Assert.Equal(StreamWritten.Yes, await AppendAsync(Sender.Server));
        Assert.Equal(StreamWritten.Yes, await AppendAsync(Sender.OfUser("third")));
        Assert.Equal(StreamWritten.WriterFull, await AppendAsync(writer));
        Assert.Equal(head.Cost, (await Store.CountAsync()).Bytes);

        // Deleted, with forks: what is left is the maker's.
        var gone = head with { Version = head.Version + 1, IsGone = true, Length = 0, Writers = [] };
        Assert.Equal(StreamWritten.Yes, await Store.WriteAsync(name, head, gone, default, Now));
        Assert.Equal(StreamHead.Overhead, (await Store.CountAsync()).Bytes);
        Assert.True(await Store.RemoveAsync(name, gone));
        Assert.Equal(0, (await Store.CountAsync()).Bytes);
        name = NewName();
        head = Head(0) with { Owner = maker };
        Assert.Equal(StreamWritten.Yes, await Store.WriteAsync(name, null, head, default, Now));
        Assert.Equal(StreamWritten.Yes, await AppendAsync(writer));
        Assert.True(await Store.RemoveAsync(name, head));
        Assert.Equal(0, (await Store.CountAsync()).Bytes);

        async Task<StreamWritten> AppendAsync(Sender sender)
        {
            var next = head with { Version = head.Version + 1, Length = head.Length + Part, Writers = StreamShares.Grow(head, sender, Part)! };
            var result = await Store.WriteAsync(name, head, next, new byte[Part], Now);
            head = result == StreamWritten.Yes ? next : head;
            return result;
        }
    }

    [Fact]
    public async Task Streams_whose_time_is_over_are_listed()
    {
        var (early, late, never) = (NewName(), NewName(), NewName());
        await Store.WriteAsync(early, null, Head(0) with { Ttl = 10, Touched = Now }, default, Now);
        await Store.WriteAsync(late, null, Head(0) with { ExpiresAt = Now + 60_000 }, default, Now);
        await Store.WriteAsync(never, null, Head(0), default, Now);
        Assert.DoesNotContain(early, await Store.ListDueAsync(Now + 9_000, 100));
        Assert.Contains(early, await Store.ListDueAsync(Now + 10_000, 100));
        Assert.DoesNotContain(late, await Store.ListDueAsync(Now + 10_000, 100));

        // Touched meanwhile.
        await Store.WriteAsync(early, Head(0), Head(0) with { Version = 2, Ttl = 10, Touched = Now + 5_000 }, default, Now);
        Assert.DoesNotContain(early, await Store.ListDueAsync(Now + 14_000, 100));
        var due = await Store.ListDueAsync(Now + 60_000, 100);
        Assert.Contains(early, due);
        Assert.Contains(late, due);
        Assert.DoesNotContain(never, due);
        await Store.RemoveAsync(early, Head(0) with { Version = 2 });
        Assert.DoesNotContain(early, await Store.ListDueAsync(Now + 60_000, 100));
    }

    [Fact]
    public async Task One_that_is_gone_keeps_its_name_and_no_bytes()
    {
        var name = NewName();
        await Store.WriteAsync(name, null, Head(3), Bytes("abc"), Now);
        await Store.WriteAsync(name, Head(3), Head(0) with { Version = 2, IsGone = true, Forks = 1 }, default, Now);
        var found = (await Store.ReadAsync(name, 0, 10))!.Value;
        Assert.True(found.Head.IsGone);
        Assert.Empty(found.Bytes.ToArray());
        Assert.Equal(StreamWritten.Stale, await Store.WriteAsync(name, null, Head(1), Bytes("x"), Now));
    }

    protected static string NewName() => "rules/" + Guid.NewGuid().ToString("N");

    protected static StreamHead Head(long length) => new() { Tag = "tag", ContentType = "application/octet-stream", Length = length };

    protected static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected async Task<string> TextAsync(string name) => Encoding.UTF8.GetString((await Store.ReadAsync(name, 0, 1_000_000))!.Value.Bytes.Span);
}

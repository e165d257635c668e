using Tidings.Protocol;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Taps;
using Tidings.Testing;

namespace Tidings.Tests.Taps;

/// <summary>The queue between a followed connection and who looks, and what is shown of a frame.</summary>
public sealed class FollowerTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task What_does_not_fit_is_counted_and_told_in_its_place()
    {
        var (follower, tap) = Follow();
        for (var i = 0; i < Follower.Room + 44; i++)
        {
            tap.Out(Frame.Text("{}"u8));
        }

        var reading = follower.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        for (var i = 0; i < Follower.Room; i++)
        {
            Assert.Equal(0, (await NextAsync(reading)).Skipped);
        }

        Assert.Equal(new Followed(null, 44), await NextAsync(reading));
        var next = reading.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        tap.Ending(new DisconnectCode(4010, "bye"));
        tap.Complete();
        _time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.False(await next);
        Assert.Equal(new DisconnectCode(4010, "bye"), follower.End!.Code);
        await reading.DisposeAsync();
    }

    [Fact]
    public async Task However_fast_they_come_no_more_are_shown_in_a_quarter_of_a_second_than_wait_at_most()
    {
        var (follower, tap) = Follow();
        var shown = 0;
        var reading = ReadAsync();
        for (var turn = 0; turn < 10; turn++)
        {
            for (var i = 0; i < 10_000; i++)
            {
                tap.In(Opcode.Text, "{}"u8);
            }

            await TestKit.Eventually.TrueAsync(() => Volatile.Read(ref shown) >= (turn + 1) * Follower.Room, "what may be shown is");
            Assert.InRange(Volatile.Read(ref shown), 0, ((turn + 1) * Follower.Room) + Follower.Room);
            _time.Advance(TimeSpan.FromMilliseconds(250));
        }

        tap.Complete();
        await TestKit.Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(250));
                return reading.IsCompleted;
            },
            "it ends");
        Assert.Equal(100_000, await reading);

        async Task<long> ReadAsync()
        {
            var all = 0L;
            await foreach (var (frame, skipped) in follower.ReadAsync(TestContext.Current.CancellationToken))
            {
                all += skipped + (frame is null ? 0 : 1);
                Interlocked.Add(ref shown, frame is null ? 0 : 1);
            }

            return all;
        }
    }

    [Fact]
    public void No_more_is_copied_than_is_shown_and_several_share_one_copy()
    {
        var tap = new FrameTap(_time, hasHeadLines: false);
        Follower[] followers = [new(_time), new(_time)];
        Array.ForEach(followers, tap.Add);
        tap.Out(Frame.Text(new byte[100_000]));
        var frames = followers.Select(static follower => ReadOne(follower)).ToList();
        Assert.Same(frames[0], frames[1]);
        Assert.Equal((100_000, TappedFrame.Longest, true), (frames[0].Length, frames[0].Start.Length, frames[0].IsCut));
    }

    [Fact]
    public void Frames_that_are_sent_together_are_shown_one_by_one()
    {
        var (follower, tap) = Follow();
        tap.Out((byte[])[.. Frame.Create(Opcode.Ping, default), .. Frame.Text("""{"type":"ping"}"""u8), .. Frame.Close(new DisconnectCode(4010, "token=abc"))]);
        Assert.Equal(new ShownFrame("ping"), ShownFrame.Of(ReadOne(follower)));
        Assert.Equal(new ShownFrame("text", """{"type":"ping"}"""), ShownFrame.Of(ReadOne(follower)));
        Assert.Equal(new ShownFrame("close", "token=***", Code: 4010), ShownFrame.Of(ReadOne(follower)));
    }

    [Fact]
    public void Compressed_frames_are_shown_inflated_and_masked()
    {
        var (follower, tap) = Follow();
        var deflater = new MessageDeflater(new DeflateSettings(1, 1));
        var text = $$"""{"a":"{{new string('a', 1500)}}","token":"secret","b":"{{new string('b', 9000)}}"}""";
        var message = System.Text.Encoding.UTF8.GetBytes(text);
        var compressed = new byte[MessageDeflater.DestinationLength(message.Length)];
        Assert.True(deflater.TryDeflate(message, compressed, out var length));
        tap.Out(Frame.Create(Opcode.Text, compressed.AsSpan(0, length), compressed: true));
        var shown = ShownFrame.Of(ReadOne(follower));
        Assert.StartsWith($$"""{"a":"{{new string('a', 1500)}}","token":"***","b":"bbb""", shown.Text, StringComparison.Ordinal);
        Assert.True(shown.IsCut);
    }

    [Theory]
    [InlineData(false, "{\"token\":\"abc\"}\nxyz", null, null)]
    [InlineData(true, "{\"token\":\"abc\"}\nxyz", "{\"token\":\"***\"}", "78797a")]
    [InlineData(true, "no line", null, null)]
    public void Bytes_that_may_hold_a_token_are_not_shown(bool hasHeadLines, string bytes, string? text, string? hex)
    {
        var tap = new FrameTap(_time, hasHeadLines);
        var follower = new Follower(_time);
        tap.Add(follower);
        tap.In(Opcode.Binary, System.Text.Encoding.UTF8.GetBytes(bytes));
        Assert.Equal(new ShownFrame("binary", text, Hex: hex), ShownFrame.Of(ReadOne(follower)));
    }

    private (Follower Follower, FrameTap Tap) Follow()
    {
        var (follower, tap) = (new Follower(_time), new FrameTap(_time, hasHeadLines: false));
        tap.Add(follower);
        return (follower, tap);
    }

    private static TappedFrame ReadOne(Follower follower)
    {
        var reading = follower.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(reading.MoveNextAsync().AsTask() is { IsCompletedSuccessfully: true });
        return reading.Current.Frame!;
    }

    private static async Task<Followed> NextAsync(IAsyncEnumerator<Followed> reading)
    {
        Assert.True(await reading.MoveNextAsync());
        return reading.Current;
    }
}

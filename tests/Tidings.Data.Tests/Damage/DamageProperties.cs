using System.Text;
using TestKit;
using Tidings.Data.Tests.World;
using Tidings.Protocol;

namespace Tidings.Data.Tests.Damage;

/// <summary>B59: whatever becomes of a segment's bytes, a log is a prefix of what was written, or its epoch is new; never a wrong byte, and never two payloads for one position.</summary>
public sealed class DamageProperties
{
    private static readonly string[] s_channels = ["a", "news", "prices:eur", "ünï"];

    [Fact]
    public async Task Each_byte_flipped_zeroed_doubled_or_cut_off_leaves_a_prefix_or_a_new_epoch()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        await using var world = new DataWorld();
        var written = await WriteAsync(world, random, messages: 60);
        await using var original = world.Kill();
        var path = original.Layout.Segment(1);
        var bytes = Used(await File.ReadAllBytesAsync(path));
        for (var i = 0; i < 120; i++)
        {
            // The newest record byte by byte, the others at random.
            var at = i < 60 ? bytes.Length - 1 - i : random.Next(bytes.Length);
            var how = (Fault)random.Next(4);
            await using var damaged = original.Kill();
            await File.WriteAllBytesAsync(damaged.Layout.Segment(1), Damage(bytes, at, how, 4 << 20));
            await JudgeAsync(damaged, written, $"seed {seed}: {how} at {at} of {bytes.Length}");
        }
    }

    [Fact]
    public async Task A_write_torn_at_each_byte_of_its_last_sectors_leaves_a_prefix_or_a_new_epoch()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        await using var world = new DataWorld();
        var written = await WriteAsync(world, random, messages: 20);
        var last = await world.Node!.SayAsync("news", new string('x', 9000), history: 1000);
        written.Add(("news", last, new string('x', 9000)));
        await using var original = world.Kill();
        var bytes = Used(await File.ReadAllBytesAsync(original.Layout.Segment(1)));
        for (var cut = bytes.Length - 1; cut > bytes.Length - 9000; cut -= cut % 4096 < 3 ? 1 : random.Next(1, 400))
        {
            await using var torn = original.Kill();
            var file = new byte[4 << 20];
            bytes.AsSpan(0, cut).CopyTo(file);
            await File.WriteAllBytesAsync(torn.Layout.Segment(1), file);
            await JudgeAsync(torn, written, $"seed {seed}: torn at {cut} of {bytes.Length}");
        }
    }

    [Fact]
    public async Task A_segment_that_was_cut_back_to_its_last_sync_begins_new_epochs()
    {
        await using var world = new DataWorld();
        var written = await WriteAsync(world, new Random(1), messages: 30);
        await using var original = world.Kill();
        var bytes = Used(await File.ReadAllBytesAsync(original.Layout.Segment(1)));
        await using var cut = original.Kill();
        await File.WriteAllBytesAsync(cut.Layout.Segment(1), bytes[..(bytes.Length / 2)]);
        var node = cut.Start();
        Assert.All(s_channels, channel => Assert.DoesNotContain(written, one => one.Position.Epoch == node.ReadAsync(channel).GetAwaiter().GetResult().Top.Epoch));
    }

    [Fact]
    public async Task A_damaged_directory_is_whole_again_after_one_start()
    {
        await using var world = new DataWorld();
        await WriteAsync(world, new Random(1), messages: 30);
        await using var damaged = world.Kill();
        var bytes = await File.ReadAllBytesAsync(damaged.Layout.Segment(1));
        bytes[Used(bytes).Length / 2] ^= 1;
        await File.WriteAllBytesAsync(damaged.Layout.Segment(1), bytes);
        var position = await damaged.Start().SayAsync("news", "after");
        var node = await damaged.RestartAsync();
        Assert.True((await node.ReadAsync("news", position)).Recovered);
        Assert.True(File.Exists(damaged.Layout.Segment(1) + ".damaged"));
    }

    private static async Task<List<(string Channel, StreamPosition Position, string Text)>> WriteAsync(DataWorld world, Random random, int messages)
    {
        var node = world.Start();
        List<(string, StreamPosition, string)> written = [];
        for (var i = 0; i < messages; i++)
        {
            var channel = s_channels[random.Next(s_channels.Length)];
            var text = new string((char)random.Next(' ', 'z'), random.Next(200)) + i;
            written.Add((channel, await node.SayAsync(channel, text, random.Next(3) == 0 ? $"key{i}" : null, history: 1000), text));
        }

        return written;
    }

    private static async Task JudgeAsync(DataWorld world, List<(string Channel, StreamPosition Position, string Text)> written, string what)
    {
        var node = world.Start();
        foreach (var channel in s_channels)
        {
            var part = await node.ReadAsync(channel, last: 1000);
            var said = written.Where(one => one.Channel == channel).ToList();
            Assert.All(part.Messages, message => Assert.Equal(said[(int)message.Offset - 1].Text, Encoding.UTF8.GetString(message.Data.Bytes.Span)));
            if (said.Count > 0 && part.Top.Epoch == said[0].Position.Epoch)
            {
                Assert.True(part.Messages.Select(static message => message.Offset).SequenceEqual(Enumerable.Range(1, (int)part.Top.Offset).Select(static i => (long)i)), what);
            }
        }
    }

    private static byte[] Damage(byte[] bytes, int at, Fault how, int capacity)
    {
        byte[] changed = how switch
        {
            Fault.Flip => [.. bytes[..at], (byte)(bytes[at] ^ 0x40), .. bytes[(at + 1)..]],
            Fault.Zero => [.. bytes[..at], 0, .. bytes[(at + 1)..]],
            Fault.Double => [.. bytes[..at], bytes[at], .. bytes[at..]],
            _ => bytes[..at],
        };
        if (how != Fault.Cut)
        {
            Array.Resize(ref changed, capacity);
        }

        return changed;
    }

    // Without what nothing was written to yet.
    private static byte[] Used(byte[] file) => file[..(file.AsSpan().LastIndexOfAnyExcept((byte)0) + 1)];

    private enum Fault
    {
        Flip,
        Zero,
        Double,
        Cut,
    }
}

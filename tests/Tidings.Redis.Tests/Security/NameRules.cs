using System.Text;
using TestKit;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Tests.Security;

/// <summary>B29: whatever is in a name, it is one key's and no other's.</summary>
public sealed class NameRules
{
    private static readonly string[] Pieces =
        ["*", "?", "[", "]", "\\", "{", "}", ":", "\0", "\r\n", "%", "%25", "%2A", "/", " ", "'", "\"", "a", "A", "é", "e\u0301", "ß", "日", "😀", "__keyspace@0__:*", "tidings:", "log:", "-0", "\u0001"];

    [Fact]
    public void A_million_names_can_be_read_back_from_their_keys() => Seeds.Each(10, static random =>
    {
        for (var i = 0; i < 100_000; i++)
        {
            var name = string.Concat(random.GetItems(Pieces, random.Next(1, 8)));
            var encoded = RedisKeys.Encode(name);
            Assert.Equal(name, Decode(encoded));
            Assert.DoesNotContain(encoded, static c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or ':' or '@' or '%' or '-'));
        }
    });

    [Fact]
    public void Keys_of_different_kinds_and_of_another_application_never_meet()
    {
        var keys = new HashSet<string>();
        foreach (var prefix in (string[])["a:", "b:", "a:b:"])
        {
            var names = new RedisKeys(prefix);
            foreach (var channel in (string[])["x", "log:x", "stream:x", "generation", "x/00"])
            {
                string[] all = [names.Log(channel), names.Stream(channel), names.Channel(channel), names.Idempotency(channel, "k"), names.Probe(channel)];
                Assert.All(all, key => Assert.StartsWith(prefix, key, StringComparison.Ordinal));
                Assert.All(all, key => keys.Add(key));
            }
        }

        // Prefixes must not begin with one another: that is the application's to see to. All the others are different.
        Assert.Equal(3 * 5 * 5, keys.Count);
    }

    [Theory]
    [InlineData("lobby", 3, 2)]
    [InlineData("room:lobby", 3, 1)]
    [InlineData("chat:é", 7, 0)]
    [InlineData("lobby", 1, 0)]
    public void A_channel_s_server_is_the_same_in_every_language(string channel, int shards, int expected) =>
        Assert.Equal(expected, RedisSpread.IndexOf(channel, shards));

    [Fact]
    public void A_server_more_takes_its_share_and_all_other_channels_stay()
    {
        string[] channels = [.. Enumerable.Range(0, 10_000).Select(static i => $"chat:{i}")];
        for (var servers = 1; servers < 20; servers++)
        {
            var moved = channels.Where(channel => RedisSpread.IndexOf(channel, servers) != RedisSpread.IndexOf(channel, servers + 1)).ToList();
            Assert.All(moved, channel => Assert.Equal(servers, RedisSpread.IndexOf(channel, servers + 1)));
            Assert.InRange(moved.Count * (servers + 1), 0.8 * channels.Length, 1.2 * channels.Length);
        }
    }

    [Fact]
    public void All_keys_of_a_part_of_a_cluster_are_in_its_slot()
    {
        for (var part = 0; part < RedisCluster.Tags.Count; part++)
        {
            var names = new RedisKeys($"a:{{{RedisCluster.Tags[part]}}}");
            Assert.True(names.AreSharded);
            Assert.True(names.IsOurs("a:anything"));
            foreach (var key in (string[])[names.Generation, names.Log("x{y}z"), names.Stream("{"), names.Channel("}{"), names.Client("{}"), names.Leases, names.Spread, names.BeforeReceiver.Queue + "1", names.TaskPrefix + "x"])
            {
                Assert.Equal(RedisCluster.SlotOf(part), SlotOf(key));
            }
        }

        // As the specification gives it.
        static int SlotOf(string key)
        {
            var (open, crc) = (key.IndexOf('{', StringComparison.Ordinal), 0);
            foreach (var b in Encoding.UTF8.GetBytes(key[(open + 1)..key.IndexOf('}', open)]))
            {
                crc ^= b << 8;
                for (var bit = 0; bit < 8; bit++)
                {
                    crc = ((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
                }
            }

            return crc % 16384;
        }
    }

    private static string Decode(string encoded)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] == '%')
            {
                bytes.Add(Convert.ToByte(encoded.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                bytes.Add((byte)encoded[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}

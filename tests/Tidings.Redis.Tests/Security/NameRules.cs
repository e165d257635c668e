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
    [InlineData("lobby", 3, 1)]
    [InlineData("room:lobby", 3, 0)]
    [InlineData("chat:é", 7, 1)]
    public void A_channel_s_server_is_the_same_in_every_language(string channel, int shards, int expected) =>
        Assert.Equal(expected, RedisKeys.Shard(channel, shards));

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

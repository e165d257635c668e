using System.Diagnostics;

namespace Tidings.Channels.Tests.BadInput;

/// <summary>Names whose hashes collide, as CVE-2020-5234.</summary>
public sealed class B17_HashFlooding : CommandAttack
{
    private const int Names = 20_000;

    [Fact]
    public void They_cost_about_as_much_as_others()
    {
        var random = new Random(17);
        var usual = Enumerable.Range(0, Names).Select(_ => Word(random) + Word(random)).ToList();
        Measure(usual, "w");
        var (cost, attack) = (Measure(usual, "u"), Measure(Colliding(random), "a"));

        // Were each compared with all before it, it would be hundreds of times.
        Assert.True(attack < 10 * cost + TimeSpan.FromMilliseconds(200), $"{attack.TotalMilliseconds} ms instead of {cost.TotalMilliseconds} ms");
        ExpectUnharmed();
    }

    private TimeSpan Measure(List<string> names, string prefix)
    {
        var before = Stopwatch.GetTimestamp();
        foreach (var name in names)
        {
            _ = Rig.Broker.ReadAsync(prefix + "1:" + name, default).AsTask();
        }

        return Stopwatch.GetElapsedTime(before);
    }

    // .NET hashes a string by two sums over pairs of characters, until it sees collisions. The third pair undoes what the first did to its sum.
    private static List<string> Colliding(Random random)
    {
        var names = new List<string>();
        var start = unchecked((5381u << 16) + 5381u);
        while (names.Count < Names)
        {
            var first = Pair(random);
            var sum = unchecked(System.Numerics.BitOperations.RotateLeft(start, 5) + start) ^ first;
            var third = unchecked(System.Numerics.BitOperations.RotateLeft(sum, 5) + sum) ^ 0xACE1_BEEF;
            var (low, high) = ((char)(third & 0xFFFF), (char)(third >> 16));
            if (char.IsBetween(low, '\u4E00', '\u9FA5') && char.IsBetween(high, '\u4E00', '\u9FA5'))
            {
                names.Add(string.Concat((char)(first & 0xFFFF), (char)(first >> 16)) + "aa" + low + high + "bb");
            }
            else if (random.Next(1000) == 0)
            {
                names.Add(Word(random));
            }
        }

        return names;
    }

    private static uint Pair(Random random) => (uint)random.Next(0x4E00, 0x9FA5) | ((uint)random.Next(0x4E00, 0x9FA5) << 16);

    private static string Word(Random random) => new([.. Enumerable.Range(0, 4).Select(_ => (char)random.Next(0x4E00, 0x9FA5))]);
}

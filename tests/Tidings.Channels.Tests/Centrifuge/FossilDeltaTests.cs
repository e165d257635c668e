using System.Text;
using Tidings.AspNetCore.Centrifuge;

namespace Tidings.Channels.Tests.Centrifuge;

/// <summary>Deltas make the target of the source, are texts themselves, and are small where little changes.</summary>
public sealed class FossilDeltaTests(ITestOutputHelper output)
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static TheoryData<string, string> Pairs => new()
    {
        { "", "" },
        { "", "new" },
        { "gone", "" },
        { "the same", "the same" },
        { """{"a":1,"b":"中文"}""", """{"a":2,"b":"中文"}""" },
        { """{"b":"中文"}""", """{"b":"丯文"}""" },
        { """["é"]""", """["è"]""" },
        { new string('a', 100), new string('a', 101) },
        { string.Concat(Enumerable.Range(0, 200).Select(static i => $"line {i}, ")), string.Concat(Enumerable.Range(50, 200).Select(static i => $"line {i}, ")) },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_delta_makes_one_text_of_another(string source, string target) => Check(source, target);

    [Fact]
    public void Whatever_changes_in_a_text_comes_through()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] pieces = ["{\"id\":1,", "中", "文字", "é", "𝄞", "abc", "\"text\":\"hello world\"", "0123456789abcdef", ",", "}"];
        var text = new StringBuilder();
        for (var round = 0; round < 500; round++)
        {
            var before = text.ToString();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                var runes = text.ToString().EnumerateRunes().ToList();
                var at = random.Next(runes.Count + 1);
                var kept = runes[..at].Concat(runes.Skip(at + random.Next(random.Next(2, 60))));
                text.Clear().Append(string.Concat(kept)).Insert(string.Concat(runes[..at]).Length, string.Concat(Enumerable.Range(0, random.Next(random.Next(1, 20))).Select(_ => pieces[random.Next(pieces.Length)])));
            }

            Check(before, text.ToString());
        }
    }

    [Fact]
    public void A_small_change_of_a_large_text_is_small()
    {
        var rows = Enumerable.Range(0, 300).Select(static i => $$"""{"id":{{i}},"price":{{i * 7}}}""").ToArray();
        var before = string.Join(',', rows);
        (rows[10], rows[250]) = ("""{"id":10,"price":1}""", """{"id":250,"price":2}""");
        Assert.InRange(Check(before, string.Join(',', rows)), 1, 80);
    }

    private static int Check(string source, string target)
    {
        var delta = FossilDelta.Create(Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(target));
        _ = Strict.GetString(delta);
        Assert.Equal(target, Strict.GetString(Apply(Encoding.UTF8.GetBytes(source), delta)));
        return delta.Length;
    }

    private static byte[] Apply(byte[] source, byte[] delta)
    {
        var at = 0;
        var length = Read('\n');
        var result = new List<byte>();
        while (true)
        {
            var (number, sign) = ReadAny();
            switch (sign)
            {
                case '@':
                    result.AddRange(source.AsSpan((int)Read(','), (int)number));
                    break;
                case ':':
                    result.AddRange(delta.AsSpan(at, (int)number));
                    at += (int)number;
                    break;
                default:
                    Assert.Equal(';', sign);
                    Assert.Equal(delta.Length, at);
                    Assert.Equal((int)length, result.Count);
                    uint sum = 0;
                    for (var i = 0; i < result.Count; i++)
                    {
                        sum += (uint)result[i] << (24 - (8 * (i % 4)));
                    }

                    Assert.Equal(sum, number);
                    return [.. result];
            }
        }

        uint Read(char end)
        {
            var (number, sign) = ReadAny();
            Assert.Equal(end, sign);
            return number;
        }

        (uint Number, char Sign) ReadAny()
        {
            uint number = 0;
            for (int digit; (digit = Digits.IndexOf((char)delta[at], StringComparison.Ordinal)) >= 0; at++)
            {
                number = (number << 6) + (uint)digit;
            }

            return (number, (char)delta[at++]);
        }
    }
}

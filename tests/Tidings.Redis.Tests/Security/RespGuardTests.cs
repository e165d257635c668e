using System.Text;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Tests.Security;

/// <summary>What a server may say, in whatever pieces it comes.</summary>
public sealed class RespGuardTests
{
    private static string Nested(int depth) => string.Concat(Enumerable.Repeat("*1\r\n", depth)) + ":1\r\n";

    public static TheoryData<string> Right =>
    [
        "+OK\r\n", "-ERR no\r\n", ":-1\r\n", "$-1\r\n", "*-1\r\n", "$0\r\n\r\n", "*0\r\n", "$3\r\n*1\r\r\n", "*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n", Nested(RespGuard.Deepest), $":{long.MaxValue}0\r\n",
    ];

    public static TheoryData<string> Wrong =>
    [
        "?\r\n", "\r\n", "%1\r\n", ">1\r\n+x\r\n", "_\r\n", "*?\r\n", "$a\r\n", "$9999999999\r\n", "$2147483647\r\nxxx", "*2147483647\r\n", "*99999999999999999999\r\n", Nested(RespGuard.Deepest + 1),
        Nested(100_000), "+" + new string('x', 70_000),
    ];

    [Theory]
    [MemberData(nameof(Right))]
    public void Is_taken_split_at_every_byte_and_again_after_itself(string said)
    {
        var bytes = Encoding.ASCII.GetBytes(said + said + "+end\r\n");
        for (var split = 0; split <= bytes.Length; split++)
        {
            var guard = new RespGuard();
            guard.Check(bytes.AsSpan(0, split));
            guard.Check(bytes.AsSpan(split));
            guard.Check("*1\r\n+next\r\n"u8);
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Is_refused_whole_and_byte_by_byte(string said)
    {
        var bytes = Encoding.ASCII.GetBytes("+OK\r\n" + said);
        Assert.Throws<IOException>(() => new RespGuard().Check(bytes));
        var guard = new RespGuard();
        Assert.Throws<IOException>(() =>
        {
            foreach (var b in bytes)
            {
                guard.Check([b]);
            }
        });
    }
}

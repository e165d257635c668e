using System.Text;
using Tidings.Protocol.Rooms;

namespace Tidings.Protocol.Tests.Rooms;

public class HtmlEscapeTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain", "plain")]
    [InlineData("<b>hi</b> 中文", "&lt;b&gt;hi&lt;/b&gt; 中文")]
    [InlineData("&<>\"'", "&amp;&lt;&gt;&quot;&#x27;")]
    [InlineData("&&&", "&amp;&amp;&amp;")]
    [InlineData("&amp;", "&amp;amp;")]
    [InlineData("a<", "a&lt;")]
    [InlineData(">a", "&gt;a")]
    [InlineData("你好，世界！“引号”", "你好，世界！“引号”")]
    [InlineData("😀👩‍👩‍👧 é ñ ü ß — … नमस्ते ไทย", "😀👩‍👩‍👧 é ñ ü ß — … नमस्ते ไทย")]
    [InlineData("\u00A0\u2028\u0000\r\n\t`=/\\", "\u00A0\u2028\u0000\r\n\t`=/\\")]
    [InlineData("＜＞＆", "＜＞＆")]
    public void Five_characters_are_escaped_and_nothing_else(string text, string expected) => Assert.Equal(expected, Escape(text));

    [Fact]
    public void Random_text_is_escaped_as_five_replacements_would()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        string[] alphabet = ["&", "<", ">", "\"", "'", "a", "bcdefghijklmnop", "中", "文字", "😀", "é", "\0", "&lt;", "&#x27;"];
        for (var round = 0; round < 3000; round++)
        {
            var text = string.Concat(random.GetItems(alphabet, random.Next(60)));
            var expected = text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\"", "&quot;").Replace("'", "&#x27;");
            Assert.True(expected == Escape(text), $"seed {seed}, round {round}: {text}");
        }
    }

    private static string Escape(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        var length = HtmlEscape.EscapedLength(utf8);
        var destination = new byte[length + 2];
        destination[^1] = destination[^2] = 0xEE;
        HtmlEscape.Write(utf8, destination.AsSpan(..length));
        Assert.Equal([0xEE, 0xEE], destination[^2..]);
        return Encoding.UTF8.GetString(destination, 0, length);
    }
}

using System.Text;
using Tidings.Protocol.Rooms;

namespace Tidings.Protocol.Tests.Rooms;

public class RoomControlTests
{
    [Theory]
    [InlineData("""{"type":"ping"}""", "Ping")]
    [InlineData("""{"type":"pong"}""", "Pong")]
    [InlineData("""{"type":"quit"}""", "Quit")]
    [InlineData("""{"type":"auth","token":"abc"}""", "Auth")]
    [InlineData(" \t\r\n{ \"type\" :\n\t\"ping\" }\r\n ", "Ping")]
    [InlineData("""{"token":"abc","type":"auth"}""", "Auth")]
    [InlineData("""{"a":{"type":"quit","b":[1,{"type":"quit"}]},"type":"pong","c":[{"type":"quit"}]}""", "Pong")]
    [InlineData("""{"a":null,"b":-1.5e3,"c":true,"":"","type":"quit"}""", "Quit")]
    [InlineData("""{"t\u0079pe":"ping"}""", "Ping")]
    [InlineData("""{"\u0074\u0079\u0070\u0065":"\u0070\u006f\u006E\u0067"}""", "Pong")]
    [InlineData("""{"type":"pin\u0067"}""", "Ping")]
    public void Objects_with_one_of_four_types_are_control(string text, string expected) => Assert.Equal(expected, Recognise(text));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("ping")]
    [InlineData("\"ping\"")]
    [InlineData("""["ping"]""")]
    [InlineData("""[{"type":"ping"}]""")]
    [InlineData("{}")]
    [InlineData("{")]
    [InlineData("""{"type":"pin"}""")]
    [InlineData("""{"type":"pings"}""")]
    [InlineData("""{"type":"Ping"}""")]
    [InlineData("""{"Type":"ping"}""")]
    [InlineData("""{"type ":"ping"}""")]
    [InlineData("""{"type":"ping "}""")]
    [InlineData("""{"type":"ping\u0000"}""")]
    [InlineData("""{"typ\u0065s":"ping"}""")]
    [InlineData("""{"typ\\u0065":"ping"}""")]
    [InlineData("""{"type":"message","content":"{\"type\":\"ping\"}"}""")]
    [InlineData("""{"a":{"type":"ping"}}""")]
    [InlineData("""{"type":{"type":"ping"}}""")]
    [InlineData("""{"type":["ping"]}""")]
    [InlineData("""{"type":null}""")]
    [InlineData("""{"type":1}""")]
    public void Other_text_is_content(string text) => Assert.Equal("None", Recognise(text));

    [Theory]
    [InlineData("""{"type":"ping"} x""")]
    [InlineData("""{"type":"ping"}}""")]
    [InlineData("""{"type":"ping"}{"type":"ping"}""")]
    [InlineData("""{"type":"ping"},""")]
    [InlineData("""{"type":"ping" """)]
    [InlineData("""{"type":"ping",}""")]
    [InlineData("""{"type":"ping","a"}""")]
    [InlineData("""{"type":"ping","a":}""")]
    [InlineData("""{"type":"ping","a":01}""")]
    [InlineData("""{"type":"ping","a":tru}""")]
    [InlineData("""{"type":"ping","a":[}""")]
    [InlineData("""{'type':'ping'}""")]
    [InlineData("""{type:"ping"}""")]
    [InlineData("""{"type":"ping"/**/}""")]
    [InlineData("""{"type":"pi\ng"}""")]
    [InlineData("""{"type":"\ping"}""")]
    [InlineData("""{"t\u007":"ping"}""")]
    [InlineData("{\"type\":\"ping\",\"a\":\"\n\"}")]
    [InlineData("\u00A0{\"type\":\"ping\"}")]
    [InlineData("\uFEFF{\"type\":\"ping\"}")]
    [InlineData("{\"type\":\"ping\"}\0")]
    public void Text_that_is_not_one_JSON_object_is_content(string text) => Assert.Equal("None", Recognise(text));

    [Theory]
    [InlineData("""{"type":"ping","type":"quit"}""", "Quit")]
    [InlineData("""{"type":"ping","type":"x"}""", "None")]
    [InlineData("""{"type":"ping","type":null}""", "None")]
    [InlineData("""{"type":[1],"t\u0079pe":"ping"}""", "Ping")]
    public void Of_two_types_the_last_counts_as_in_every_parser(string text, string expected) => Assert.Equal(expected, Recognise(text));

    [Theory]
    [InlineData("""{"\ud800":1,"type":"ping"}""", "Ping")]
    [InlineData("""{"t\ud800":1,"type":"ping"}""", "Ping")]
    [InlineData("""{"ty\udc00e":1,"type":"ping"}""", "Ping")]
    [InlineData("""{"\ud83d\ude00":1,"type":"ping"}""", "Ping")]
    [InlineData("""{"a":"\ud800","type":"ping"}""", "Ping")]
    [InlineData("""{"type":"\ud800"}""", "None")]
    [InlineData("""{"type":"p\udfffng"}""", "None")]
    [InlineData("""{"type":"pi\ud800\ud800"}""", "None")]
    public void An_escaped_half_of_a_pair_is_no_error(string text, string expected) => Assert.Equal(expected, Recognise(text));

    [Theory]
    [InlineData(60, "Ping")]
    [InlineData(64, "None")]
    [InlineData(5000, "None")]
    public void Depth_is_bounded(int depth, string expected)
    {
        Assert.Equal(expected, Recognise($$"""{"a":{{new string('[', depth)}}{{new string(']', depth)}},"type":"ping"}"""));
        Assert.Equal("None", Recognise("{\"a\":" + new string('[', depth)));
        Assert.Equal("None", Recognise(string.Concat(Enumerable.Repeat("{\"a\":", Math.Min(depth, 2000)))));
    }

    [Fact]
    public void A_control_message_has_at_most_ten_KB()
    {
        var token = new string('t', (10 * 1024) - """{"type":"auth","token":""}""".Length);
        Assert.Equal("Auth", Recognise($$"""{"type":"auth","token":"{{token}}"}"""));
        Assert.Equal("None", Recognise($$"""{"type":"auth","token":"{{token}}t"}"""));
        Assert.Equal("None", Recognise(new string('{', 1 << 20)));
        Assert.Equal("None", Recognise(new string(' ', 1 << 20)));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_no_error()
    {
        foreach (byte b in new byte[] { 0x80, 0xC3, 0xED, 0xF5, 0xFF })
        {
            RoomControls.Recognise([.. "{\"type\":\""u8, b, .. "\"}"u8]);
            RoomControls.Recognise([.. "{\"typ"u8, b, .. "\\u0065\":\"ping\"}"u8]);
            RoomControls.Recognise([(byte)'{', b]);
        }
    }

    private static string Recognise(string text) => RoomControls.Recognise(Encoding.UTF8.GetBytes(text)).ToString();
}

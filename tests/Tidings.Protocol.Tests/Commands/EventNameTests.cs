using System.Text;
using Tidings.Protocol.Commands;

namespace Tidings.Protocol.Tests.Commands;

/// <summary>Names of events, alone and in a <c>publish</c>.</summary>
public sealed class EventNameTests
{
    public static TheoryData<string> Good => ["a", "paid", "order paid", "zahlung:größe", "支付", "👍🏽", new string('a', 200), new string('é', 100), "\"\\'", "~!@#$%^&*()"];

    public static TheoryData<string> Bad =>
    [
        "", new string('a', 201), new string('é', 101), "a\nb", "\0", "\u001b", "\u007f", "\u0085", "\u2028", "\u2029", "\ud800", "a\udc00", "tab\there",
    ];

    [Theory]
    [MemberData(nameof(Good))]
    public void Printable_text_of_at_most_200_bytes_is_a_name(string name)
    {
        Assert.True(EventName.IsValid(name));
        Assert.Null(Read($$"""{"type":"publish","channel":"a","data":1,"event":{{Json(name)}}}""", out var command));
        Assert.Equal(name, command.Event);
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Anything_else_is_refused(string name)
    {
        Assert.False(EventName.IsValid(name));
        Assert.NotNull(Read($$"""{"type":"publish","channel":"a","data":1,"event":{{Json(name)}}}""", out _));
    }

    [Theory]
    [InlineData("1"), InlineData("null"), InlineData("{}"), InlineData("[\"a\"]"), InlineData("true")]
    public void What_is_no_string_is_refused(string value)
    {
        var fault = Read($$"""{"type":"publish","channel":"a","data":1,"event":{{value}}}""", out _);
        Assert.Equal([new FieldFault("event", "must be a string")], fault!.Details);
    }

    [Theory]
    [InlineData("\"x\""), InlineData("1"), InlineData("null"), InlineData("[]")]
    public void Except_is_true_or_false(string value)
    {
        var fault = Read($$"""{"type":"publish","channel":"a","data":1,"except":{{value}}}""", out _);
        Assert.Equal([new FieldFault("except", "must be true or false")], fault!.Details);
    }

    [Fact]
    public void Other_commands_may_have_fields_of_these_names_that_mean_nothing()
    {
        Assert.Null(Read("""{"type":"call","method":"m","event":{"any":1},"except":["x"]}""", out _));
        Assert.Null(Read("""{"except":0,"event":7,"type":"ping"}""", out _));
        Assert.NotNull(Read("""{"type":"call","event":7}""", out _));
    }

    [Fact]
    public void A_field_twice_is_a_fault() =>
        Assert.Equal([new FieldFault("event", "occurs twice")], Read("""{"type":"publish","channel":"a","data":1,"event":"a","event":"b"}""", out _)!.Details);

    private static CommandFault? Read(string json, out Command command) => CommandReader.Read(Encoding.UTF8.GetBytes(json), out command);

    private static string Json(string text) =>
        "\"" + string.Concat(text.Select(static c => c is '"' or '\\' || char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c.ToString())) + "\"";
}

namespace Tidings.Protocol.Tests.Channels;

/// <summary>Keys, as code of the server gives them: what has no UTF-8 of its own would be another key on another engine.</summary>
public sealed class MessageKeyTests
{
    public static TheoryData<string> Good => ["a", "\0", "a\nb", "<b>\"'", new string('a', 128), new string('é', 64), "👍🏽", "e\u0301"];

    public static TheoryData<string> Bad => ["", new string('a', 129), new string('é', 65), "\ud800", "a\udc00", "\udc00\ud800", "\ud83d"];

    [Theory]
    [MemberData(nameof(Good))]
    public void Any_text_of_1_to_128_bytes_is_a_key(string key) => Assert.True(MessageKey.IsValid(key));

    [Theory]
    [MemberData(nameof(Bad))]
    public void Anything_else_is_none(string key) => Assert.False(MessageKey.IsValid(key));
}

using Tidings.Brokers;
using Tidings.Messages;

namespace Tidings.Tests.Brokers;

/// <summary>What a log could not give back it does not take.</summary>
public sealed class PublicationTests
{
    [Fact]
    public void What_is_sound_passes() => new Publication("news", MessageData.Text("1")) { Key = new string('k', 128), Event = new string('e', 200), IdempotencyKey = "a" }.Check();

    [Theory]
    [InlineData("", null, null)]
    [InlineData("中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中", null, null)]
    [InlineData(null, "", null)]
    [InlineData(null, "a\u2028b", null)]
    [InlineData(null, "a\nb", null)]
    [InlineData(null, null, "")]
    public void What_is_not_is_refused(string? key, string? name, string? idempotencyKey) =>
        Assert.Throws<ArgumentException>(() => new Publication("news", MessageData.Text("1")) { Key = key, Event = name, IdempotencyKey = idempotencyKey }.Check());
}

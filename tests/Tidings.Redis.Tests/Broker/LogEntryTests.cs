using System.Text;
using Tidings.Protocol;
using Tidings.Redis.Logs;

namespace Tidings.Redis.Tests.Broker;

/// <summary>Entries that other versions wrote are read, with what can be made of them.</summary>
public sealed class LogEntryTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"trace":"x"}""")]
    [InlineData("""{"trace":"00-00000000000000000000000000000000-0000000000000000-01"}""")]
    [InlineData("""{"trace":7}""")]
    [InlineData("""{"trace":null}""")]
    [InlineData("""{"trace":{"a":1}}""")]
    public void A_context_that_is_missing_or_odd_costs_no_message(string line)
    {
        var message = LogEntry.Decode("a", new StreamPosition("e", 1), 1, Encoding.UTF8.GetBytes(line + "\n1"));
        Assert.NotNull(message);
        Assert.Null(message.TraceParent);
    }
}

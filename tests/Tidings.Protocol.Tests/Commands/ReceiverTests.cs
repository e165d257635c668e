using System.Text;
using Tidings.Protocol.Commands;

namespace Tidings.Protocol.Tests.Commands;

/// <summary>Whom a <c>send</c> names: <c>to</c>, or what the server API calls it.</summary>
public sealed class ReceiverTests
{
    [Theory]
    [InlineData("""{"type":"send","to":"ann","data":1}""")]
    [InlineData("""{"type":"send","user":"ann","data":1}""")]
    [InlineData("""{"data":1,"connection":"ann","type":"send"}""")]
    [InlineData("""{"type":"send","user":"eve","to":"ann","data":1}""")]
    [InlineData("""{"type":"send","to":"ann","connection":"eve","user":"eve","data":1}""")]
    public void Each_name_of_a_receiver_is_taken(string json)
    {
        Assert.Null(Read(json, out var command));
        Assert.Equal("ann", command.To);
    }

    [Theory]
    [InlineData("""{"type":"send","data":1}""", "to", "is missing")]
    [InlineData("""{"type":"send","data":1,"user":7}""", "to", "is missing")]
    [InlineData("""{"type":"send","data":1,"to":7}""", "to", "must be a string")]
    [InlineData("""{"type":"send","data":1,"connection":"c","user":"ann"}""", "user", "must not stand beside connection")]
    public void A_send_has_exactly_one(string json, string field, string fault)
    {
        var found = Assert.Single(Read(json, out _)!.Details);
        Assert.Equal((field, fault), (found.Field, found.Message));
    }

    [Theory]
    [InlineData("""{"type":"publish","channel":"c","data":1,"user":{"id":7}}""")]
    [InlineData("""{"type":"publish","channel":"c","data":1,"user":"ann","connection":[]}""")]
    public void Of_other_commands_they_are_fields_that_nobody_knows(string json) => Assert.Null(Read(json, out _));

    private static CommandFault? Read(string json, out Command command) => CommandReader.Read(Encoding.UTF8.GetBytes(json), out command);
}

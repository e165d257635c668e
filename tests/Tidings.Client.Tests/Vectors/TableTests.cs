using System.Text.Json;
using Tidings.Client.Connecting;
using Tidings.Client.Wire;
using Tidings.Protocol;
using Tidings.Protocol.Positions;

namespace Tidings.Client.Tests.Vectors;

/// <summary>spec/vectors: close codes, statuses, back-off and positions.</summary>
public sealed class TableTests
{
    [Fact]
    public void Every_close_code_has_its_action()
    {
        var table = VectorFile.Read("close-codes.json");
        foreach (var entry in table.GetProperty("codes").EnumerateArray())
        {
            Assert.Equal(entry.GetProperty("action").GetString(), Word(CloseCodes.Of(entry.GetProperty("code").GetInt32()).After));
        }

        foreach (var range in table.GetProperty("ranges").EnumerateArray())
        {
            for (var code = range.GetProperty("from").GetInt32(); code <= range.GetProperty("to").GetInt32(); code++)
            {
                Assert.Equal(range.GetProperty("action").GetString(), Word(CloseCodes.Of(code).After));
            }
        }

        Assert.Equal(table.GetProperty("otherwise").GetString(), Word(CloseCodes.Of(3999).After));
    }

    [Fact]
    public void Every_status_stands_for_its_code()
    {
        foreach (var entry in VectorFile.Read("close-codes.json").GetProperty("statuses").EnumerateArray())
        {
            Assert.Equal(entry.GetProperty("code").GetInt32(), CloseCodes.OfStatus(entry.GetProperty("status").GetInt32()).Code);
        }
    }

    [Fact]
    public void The_back_off_is_that_of_the_samples()
    {
        var file = VectorFile.Read("backoff.json");
        Assert.Equal(file.GetProperty("heldAfter").GetInt32(), Backoff.HeldAfter.TotalMilliseconds);
        foreach (var sample in file.GetProperty("cases").EnumerateArray())
        {
            var (attempt, random) = (sample.GetProperty("attempt").GetInt32(), sample.GetProperty("random").GetDouble());
            var delay = sample.GetProperty("kind").GetString() == "slow" ? Backoff.Slow(attempt, random) : Backoff.Ordinary(attempt, random);
            Assert.Equal(sample.GetProperty("milliseconds").GetDouble(), delay.TotalMilliseconds, 0.001);
        }
    }

    [Fact]
    public void Positions_are_written_and_read_as_in_the_samples()
    {
        foreach (var sample in VectorFile.Read("positions.json").GetProperty("valid").EnumerateArray())
        {
            var text = sample.GetProperty("position").GetString()!;
            var channels = sample.GetProperty("channels").EnumerateArray()
                .Select(entry => (entry[0].GetString()!, new StreamPosition(entry[1].GetString()!, entry[2].GetInt64()))).ToList();
            Assert.Equal(text, PositionText.Write(channels));
            Assert.Equal(channels, ChannelPositions.TryRead(text)!.Select(static one => (one.Channel, one.Position)));
        }
    }

    [Fact]
    public void B39_positions_that_are_none_are_not_read()
    {
        foreach (var sample in VectorFile.Read("positions.json").GetProperty("invalid").EnumerateArray())
        {
            Assert.True(ChannelPositions.TryRead(sample.GetProperty("position").GetString()!) is null, sample.GetProperty("why").GetString());
        }
    }

    private static string Word(AfterClose action) => JsonNamingPolicy.KebabCaseLower.ConvertName(action.ToString());
}

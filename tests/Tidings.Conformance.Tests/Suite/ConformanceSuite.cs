namespace Tidings.Conformance.Tests.Suite;

/// <summary>The 517 cases against <c>/ws/echo</c>, a theory for each section.</summary>
public abstract class ConformanceSuite(SuiteServer server)
{
    public static TheoryData<string> Section1 => AllCases.Of(1);
    public static TheoryData<string> Section2 => AllCases.Of(2);
    public static TheoryData<string> Section3 => AllCases.Of(3);
    public static TheoryData<string> Section4 => AllCases.Of(4);
    public static TheoryData<string> Section5 => AllCases.Of(5);
    public static TheoryData<string> Section6 => AllCases.Of(6);
    public static TheoryData<string> Section7 => AllCases.Of(7);
    public static TheoryData<string> Section9 => AllCases.Of(9);
    public static TheoryData<string> Section10 => AllCases.Of(10);
    public static TheoryData<string> Section12 => AllCases.Of(12);
    public static TheoryData<string> Section13 => AllCases.Of(13);

    [Theory]
    [MemberData(nameof(Section1))]
    public Task Framing(string id) => server.RunAsync(id);

    [Theory]
    [MemberData(nameof(Section2))]
    public Task Pings_and_pongs(string id) => server.RunAsync(id);

    [Theory]
    [MemberData(nameof(Section3))]
    public Task Reserved_bits(string id) => server.RunAsync(id);

    [Theory]
    [MemberData(nameof(Section4))]
    public Task Opcodes(string id) => server.RunAsync(id);

    [Theory]
    [MemberData(nameof(Section5))]
    public Task Fragmentation(string id) => server.RunAsync(id);

    [Theory]
    [MemberData(nameof(Section6))]
    public Task Utf8(string id) => server.RunAsync(id);

    [Theory]
    [MemberData(nameof(Section7))]
    public Task Closing(string id) => server.RunAsync(id);

    [Theory]
    [MemberData(nameof(Section9))]
    public Task Large_messages(string id) => server.RunAsync(id);

    [Theory]
    [MemberData(nameof(Section10))]
    public Task Automatic_fragments(string id) => server.RunAsync(id);

    [Theory]
    [MemberData(nameof(Section12))]
    public Task Compression_of_many_kinds(string id) => server.RunAsync(id);

    [Theory]
    [MemberData(nameof(Section13))]
    public Task Compression_under_many_offers(string id) => server.RunAsync(id);
}

public sealed class ConformanceOnLanes(LanesSuiteServer server) : ConformanceSuite(server), IClassFixture<LanesSuiteServer>;

public sealed class ConformanceOnStreams(StreamsSuiteServer server) : ConformanceSuite(server), IClassFixture<StreamsSuiteServer>;

public class ConformanceSuiteTests
{
    [Fact]
    public void No_case_is_missing()
    {
        Assert.Equal(517, AllCases.ById.Count);
        Assert.Equal(AllCases.PerSection, AllCases.ById.Values.GroupBy(@case => @case.Section).ToDictionary(section => section.Key, section => section.Count()));
    }

    [Fact]
    public void Numbers_of_a_group_have_no_holes()
    {
        foreach (var group in AllCases.ById.Keys.GroupBy(id => id[..id.LastIndexOf('.')]))
        {
            var numbers = group.Select(id => int.Parse(id[(id.LastIndexOf('.') + 1)..], System.Globalization.CultureInfo.InvariantCulture)).Order();
            Assert.Equal(Enumerable.Range(1, group.Count()), numbers);
        }
    }
}

using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tidings.Protocol.Tests.Codes;

/// <summary>The table of close codes, and everything that shows it to somebody else.</summary>
public sealed partial class CloseCodeTests
{
    private static readonly JsonElement Vectors = JsonDocument.Parse(Read("vectors", "close-codes.json")).RootElement;

    [Fact]
    public void The_vectors_are_the_table()
    {
        var told = Vectors.GetProperty("codes").EnumerateArray().DistinctBy(static row => row.GetProperty("code").GetInt32()).Select(static row =>
            (row.GetProperty("code").GetInt32(), row.GetProperty("meaning").GetString()!, row.GetProperty("action").GetString()!, row.GetProperty("status").GetInt32(), row.GetProperty("chosen").GetBoolean()));
        Assert.Equal(CloseCodes.All.Select(static row => (row.Code, row.Meaning, Word(row.After), row.Status, row.MayBeChosen)), told);
    }

    [Fact]
    public void Every_reason_of_ours_has_its_code_in_the_table()
    {
        var ours = typeof(DisconnectCode).GetFields(BindingFlags.Public | BindingFlags.Static).Where(static field => field.FieldType == typeof(DisconnectCode)).Select(static field => (DisconnectCode)field.GetValue(null)!);
        Assert.All(ours, static code => Assert.NotEqual("", CloseCodes.Of(code.Code).Meaning));
        Assert.Equal((4110, "Reconnect"), (DisconnectCode.Reconnect.Code, DisconnectCode.Reconnect.Reason));
    }

    [Theory]
    [InlineData(1000, true), InlineData(1001, true), InlineData(1002, false), InlineData(1005, false), InlineData(1006, false), InlineData(1008, true), InlineData(1010, false)]
    [InlineData(1013, true), InlineData(1014, false), InlineData(3000, false), InlineData(3999, false), InlineData(4000, true), InlineData(4150, true), InlineData(4200, true), InlineData(4999, true), InlineData(5000, false)]
    public void Callers_choose_among_those_that_the_choice_names(int code, bool allowed) => Assert.Equal(allowed, CloseCodes.Of(code).MayBeChosen);

    [Fact]
    public void The_start_page_tells_the_meanings_of_the_table()
    {
        var told = PageRow().Matches(Read("shown", "close-codes.js")).ToDictionary(static row => int.Parse(row.Groups[1].Value, null), static row => row.Groups[2].Value);
        Assert.Equal(CloseCodes.All.ToDictionary(static row => row.Code, static row => row.Meaning), told);
    }

    [Fact]
    public void The_page_of_the_protocol_has_the_table()
    {
        var told = ProtocolRow().Matches(Read("shown", "protocol.md")).Select(static row =>
            (int.Parse(row.Groups[1].Value, null), row.Groups[2].Value, row.Groups[4].Value, int.Parse(row.Groups[5].Value, null), row.Groups[6].Value == "yes"));
        Assert.Equal(CloseCodes.All.Select(static row => (row.Code, row.Meaning, Does(row.After), row.Status, row.MayBeChosen)), told);
        Assert.Contains("| 4110 | the server asked to reconnect | `Reconnect` |", Read("shown", "protocol.md"), StringComparison.Ordinal);

        static string Does(AfterClose after) => after switch
        {
            AfterClose.ComeBack => "comes back",
            AfterClose.ComeBackSlowly => "comes back slowly",
            AfterClose.AskTokenOnce => "asks for a token, once, and comes back",
            AfterClose.RenewAndComeBack => "asks for a new token and comes back",
            _ => "stays away",
        };
    }

    [Fact]
    public void The_guide_of_clients_tells_what_they_do()
    {
        var guide = Read("shown", "clients.md");
        var rows = GuideRow().Matches(guide[guide.IndexOf("| after a close with |", StringComparison.Ordinal)..]);
        var told = rows.SelectMany(static row => Code().Matches(row.Groups[1].Value).Select(code => (Code: int.Parse(code.Value, null), Does: row.Groups[2].Value))).ToDictionary(static row => row.Code, static row => row.Does);
        foreach (var row in CloseCodes.All.Where(static row => row.Code is not (1005 or 1006)))
        {
            var does = row.After switch
            {
                AfterClose.ComeBack => "waits a random time",
                AfterClose.ComeBackSlowly => "waits 30 s at least",
                AfterClose.AskTokenOnce => "asks the token callback, once",
                AfterClose.RenewAndComeBack => "asks the token callback and comes back",
                _ => "stays away",
            };
            Assert.StartsWith(does, told[row.Code], StringComparison.Ordinal);
        }
    }

    private static string Word(AfterClose after) => JsonNamingPolicy.KebabCaseLower.ConvertName(after.ToString());

    private static string Read(params string[] path) => File.ReadAllText(Path.Combine([AppContext.BaseDirectory, .. path]));

    [GeneratedRegex(@"\[(\d{4}), '([^']*)'\]")]
    private static partial Regex PageRow();

    [GeneratedRegex(@"^\| ([\d, –]+(?:, or none)?) \| ([^|]*) \|$", RegexOptions.Multiline)]
    private static partial Regex GuideRow();

    [GeneratedRegex(@"^\| (\d{4}) \| ([^|]*) \| ([^|]*)\| ([^|]*) \| (\d{3}) \| (yes)? ?\|$", RegexOptions.Multiline)]
    private static partial Regex ProtocolRow();

    [GeneratedRegex(@"\b\d{4}\b")]
    private static partial Regex Code();
}

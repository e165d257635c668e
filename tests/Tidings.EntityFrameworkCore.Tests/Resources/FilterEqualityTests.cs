using System.Text.Json;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Resources;

/// <summary>A filter shows the same rows by the database, at first, and by the process, from then on: for every type of member.</summary>
public sealed class FilterEqualityTests : IAsyncLifetime
{
    private static readonly DateTime Noon = new(2026, 3, 29, 12, 0, 0, DateTimeKind.Utc);

    // Values of rows, among them such that differ only in what one of both sides does not see.
    private static readonly Dictionary<string, object?[]> Values = new()
    {
        ["Flag"] = [true, false],
        ["Byte"] = [(byte)0, (byte)255],
        ["Short"] = [(short)-1, short.MaxValue],
        ["Int"] = [0, -7, int.MaxValue],
        ["MaybeInt"] = [null, 0, 1],
        ["Long"] = [0L, long.MinValue, 9007199254740993L, 9007199254740992L],
        ["Real"] = [0f, -0f, 0.1f, float.NaN, float.PositiveInfinity, float.Epsilon],
        ["Double"] = [0d, -0d, 0.1, double.NaN, double.NegativeInfinity, double.Epsilon, 0.1 + 0.2, 0.3],
        ["Any"] = [1m, 1.0m, 1.50m, 0.0000001m, decimal.MaxValue, -79228162514264337593543950335m],
        ["Money"] = [1m, 1.005m, 1.01m, -1.005m, -1.01m, 10.567m, 10.57m],
        ["Text"] = ["", "a", "A", "a ", "ä", "a\u0308", "straße", "STRASSE", "\U0001F600"],
        ["MaybeText"] = [null, "", "null"],
        ["Short8"] = ["", "12345678", "ab", "ab "],
        ["Padded"] = ["", "ab", "ab ", "abcde"],
        ["AnyCase"] = ["apple", "Apple", "APPLE", "pear"],
        ["Lowered"] = ["apple", "Apple", "pear"],
        ["Letter"] = ['a', 'A', ' ', 'ß'],
        ["Guid"] = [Guid.Empty, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), Guid.Parse("ffeeddcc-bbaa-9988-7766-554433221100")],
        ["Zoned"] = [Noon, Noon.AddTicks(1), Noon.AddTicks(9), Noon.AddTicks(10), new DateTime(1999, 12, 31, 23, 59, 59, DateTimeKind.Utc).AddTicks(9_999_995), DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc)],
        ["Unzoned"] = [new DateTime(2026, 3, 29, 2, 30, 0), new DateTime(2026, 3, 29, 2, 30, 0).AddTicks(5), new DateTime(1969, 7, 20).AddTicks(17)],
        ["Millis"] = [Noon, Noon.AddTicks(4_999), Noon.AddTicks(5_000), Noon.AddTicks(14_999), Noon.AddMilliseconds(1), new DateTime(1990, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(5_000)],
        ["At"] = [new DateTimeOffset(Noon), new DateTimeOffset(Noon).AddTicks(7), new DateTimeOffset(1999, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(-3)],
        ["Day"] = [new DateOnly(2026, 3, 29), DateOnly.MaxValue, new DateOnly(1, 1, 2)],
        ["Hour"] = [new TimeOnly(12, 0), new TimeOnly(12, 0).Add(TimeSpan.FromTicks(3)), TimeOnly.MaxValue],
        ["Span"] = [TimeSpan.Zero, TimeSpan.FromHours(24), TimeSpan.FromTicks(7), TimeSpan.FromTicks(-17), TimeSpan.FromDays(400)],
        ["Bytes"] = [Array.Empty<byte>(), new byte[] { 1, 2 }, new byte[] { 1, 2, 3 }],
        ["Colour"] = [Colour.Red, Colour.Blue, (Colour)77],
        ["Named"] = [Colour.Red, Colour.Green],
    };

    // What clients ask for, beside the values of rows as they are shown.
    private static readonly Dictionary<string, string[]> Asked = new()
    {
        ["Int"] = ["-0"],
        ["Any"] = ["1.000", "1.5", "1e0"],
        ["Money"] = ["1.0", "10.567", "1.005", "10.570"],
        ["AnyCase"] = ["\"aPPle\""],
        ["Lowered"] = ["\"APPLE\""],
        ["Padded"] = ["\"ab   \"", "\"ab      \""],
        ["Zoned"] = ["\"2026-03-29T14:00:00+02:00\"", "\"2026-03-29T12:00:00.0000009Z\""],
        ["Millis"] = ["\"2026-03-29T12:00:00.001Z\"", "\"2026-03-29T12:00:00.0005Z\"", "\"1990-01-01T00:00:00.001Z\""],
        ["At"] = ["\"2026-03-29T14:00:00+02:00\"", "\"2026-03-29T12:00:00.0000007Z\""],
        ["Hour"] = ["\"12:00:00.0000003\""],
        ["Span"] = ["\"1.00:00:00\"", "\"00:00:00.0000007\""],
    };

    private WebApplication _app = null!;
    private int _port;

    public static TheoryData<string> Members => [.. Values.Keys];

    public async ValueTask InitializeAsync()
    {
        (_app, _port) = await TypesApp.StartAsync();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Theory]
    [MemberData(nameof(Members))]
    public async Task What_is_shown_at_first_is_what_is_told_of(string member)
    {
        foreach (var value in Values[member])
        {
            await AddAsync(member, value);
        }

        // As rows are shown, and whatever else may be asked.
        var name = JsonNamingPolicy.CamelCase.ConvertName(member);
        await using var all = await FeedClient.ConnectAsync(_port, "/ws/samples");
        await all.SendAsync("""{"type":"subscribe"}""");
        var filters = (await all.ExpectAsync("initial")).GetProperty("data").EnumerateArray().Select(row => row.GetProperty(name).GetRawText()).Concat(Asked.GetValueOrDefault(member, [])).Distinct().ToList();
        var feeds = new List<(string Filter, FeedClient Client, HashSet<int> Ids)>();
        foreach (var filter in filters)
        {
            var (client, ids) = await SubscribeAsync(name, filter);
            feeds.Add((filter, client, ids));
        }

        // The same values once more, not as the database gave them back; and the rows there were, touched.
        foreach (var value in Values[member])
        {
            await AddAsync(member, value);
        }

        await TouchAsync();
        foreach (var (filter, client, ids) in feeds)
        {
            var (again, now) = await SubscribeAsync(name, filter);
            var told = new HashSet<int>(ids);
            var touched = new HashSet<int>();
            while (touched.Count < now.Count)
            {
                var message = (await client.ReceiveAsync())!.Value;
                var id = message.GetProperty("id").GetInt32();
                var type = message.GetProperty("type").GetString();
                Assert.True(type is "create" or "update" && now.Contains(id), $"{name} = {filter}: {message}");
                (type == "create" ? told : touched).Add(id);
            }

            Assert.True(now.SetEquals(told), $"{name} = {filter}: {string.Join(' ', told.Order())} are told of, and the database has {string.Join(' ', now.Order())}");
            await client.ExpectNothingAsync();
            await client.DisposeAsync();
            await again.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_member_that_cannot_be_compared_is_no_filter()
    {
        await using var client = await FeedClient.ConnectAsync(_port, "/ws/samples");
        await client.SendAsync("""{"type":"subscribe","filter":{"numbers":[1]}}""");
        Assert.Equal("filter.numbers", (await client.ExpectErrorAsync("Invalid message format")).GetProperty("details")[0].GetProperty("field").GetString());
    }

    private async Task<(FeedClient Client, HashSet<int> Ids)> SubscribeAsync(string name, string filter)
    {
        var client = await FeedClient.ConnectAsync(_port, "/ws/samples");
        await client.SendAsync($$$"""{"type":"subscribe","filter":{"{{{name}}}":{{{filter}}}}}""");
        var rows = (await client.ExpectAsync("initial")).GetProperty("data").EnumerateArray().Select(static row => row.GetProperty("id").GetInt32());
        return (client, [.. rows]);
    }

    private async Task AddAsync(string member, object? value)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TypesDb>();
        var sample = new Sample();
        typeof(Sample).GetProperty(member)!.SetValue(sample, value);
        db.Add(sample);
        await db.SaveChangesAsync();
    }

    private async Task TouchAsync()
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TypesDb>();
        foreach (var sample in await db.Samples.ToListAsync())
        {
            sample.Touched++;
        }

        await db.SaveChangesAsync();
    }
}

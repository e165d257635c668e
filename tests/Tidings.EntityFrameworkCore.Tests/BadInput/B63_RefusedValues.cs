using System.Net;
using System.Text;
using System.Text.Json;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.BadInput;

/// <summary>Values that PostgreSQL refuses: the field is named, at once and for good, and nobody is told to come back with them.</summary>
public sealed class B63_RefusedValues : IAsyncLifetime
{
    private readonly LogCollector _log = new();
    private WebApplication _app = null!;
    private HttpClient _http = null!;
    private int _port;

    // Member, JSON: what no column can be compared with, or hold.
    public static TheoryData<string, string, bool> Values => new()
    {
        { "text", "\"a\\u0000b\"", true }, { "text", "\"\\ud800\"", true }, { "maybeText", "\"\\u0000\"", true }, { "padded", "\"\\u0000\"", true }, { "lowered", "\"\\u0000\"", true },
        { "letter", "\"\\u0000\"", true }, { "letter", "\"ab\"", true }, { "letter", "\"\"", true },
        { "zoned", "\"2026-03-29T12:00:00\"", true }, { "millis", "\"2026-03-29T12:00:00\"", true }, { "unzoned", "\"2026-03-29T12:00:00Z\"", true },
        { "unzoned", "\"2026-03-29T12:00:00+02:00\"", true }, { "zoned", "\"2026-13-01T00:00:00Z\"", true }, { "at", "\"yesterday\"", true },
        { "int", "10000000000", true }, { "int", "1.5", true }, { "any", "1e30", true }, { "money", "100000000", false }, { "money", "99999999.995", false },
        { "short8", "\"123456789\"", false }, { "guid", "\"1\"", true }, { "bytes", "\"!\"", true }, { "colour", "\"Red\"", true }, { "flag", "1", true }, { "named", "[]", true },
    };

    public async ValueTask InitializeAsync()
    {
        (_app, _port) = await TypesApp.StartAsync(_log);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task A_value_is_refused_where_it_is_and_never_later(string member, string json, bool asFilter)
    {
        await using var client = await FeedClient.ConnectAsync(_port, "/ws/samples");
        if (asFilter)
        {
            await client.SendAsync($$$"""{"type":"subscribe","filter":{"{{{member}}}":{{{json}}}}}""");
            var error = await client.ExpectErrorAsync("Invalid message format");
            Assert.Equal($"filter.{member}", error.GetProperty("details")[0].GetProperty("field").GetString());
        }
        else
        {
            await client.SendAsync($$$"""{"type":"subscribe","filter":{"{{{member}}}":{{{json}}}}}""");
            Assert.Empty((await client.ExpectAsync("initial")).GetProperty("data").EnumerateArray());
        }

        // The connection has seen no more of it.
        await client.SendAsync("""{"type":"subscribe"}""");
        await client.ExpectAsync("initial");

        foreach (var (method, path) in new[] { (HttpMethod.Post, "/samples"), (HttpMethod.Patch, $"/samples/{await AddAsync()}") })
        {
            using var request = new HttpRequestMessage(method, path) { Content = new StringContent($$"""{"{{member}}":{{json}}}""", Encoding.UTF8, "application/json") };
            using var answer = await _http.SendAsync(request);
            var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{method} {answer.StatusCode} {problem}");
            Assert.Contains(problem.GetProperty("errors").EnumerateObject(), error => error.Name == member);
        }

        // The relay's own session may be given up on a busy machine.
        Assert.DoesNotContain(_log.Lines, static line => !line.Contains("Tidings.Outbox", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("text=a%00b"), InlineData("zoned=2026-03-29T12:00:00"), InlineData("unzoned=2026-03-29T12:00:00Z"), InlineData("int=1.5"), InlineData("any=1e30"), InlineData("letter=%00"), InlineData("numbers=1")]
    public async Task A_list_is_not_asked_of_the_database_either(string query)
    {
        using var answer = await _http.GetAsync($"/samples?{query}");
        var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((HttpStatusCode.BadRequest, "bad_request"), (answer.StatusCode, problem.GetProperty("code").GetString()));
        Assert.Contains(query.Split('=')[0], problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task A_row_that_breaks_a_rule_of_the_table_is_a_conflict_and_one_that_is_not_there_is_not_found()
    {
        var id = await AddAsync();
        using var again = await _http.PostAsync("/samples", new StringContent($$"""{"id":{{id}}}""", Encoding.UTF8, "application/json"));
        Assert.Contains(again.StatusCode, new[] { HttpStatusCode.Conflict, HttpStatusCode.BadRequest });
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync("/samples/99999999")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync("/samples/99999999999999")).StatusCode);
    }

    [Theory]
    [InlineData("22021", false), InlineData("22003", false), InlineData("23505", false), InlineData("42703", false), InlineData("42501", false), InlineData("0A000", false)]
    [InlineData("57P01", true), InlineData("57P03", true), InlineData("53300", true), InlineData("08006", true), InlineData("40001", true), InlineData("40P01", true), InlineData("25006", true), InlineData("42P01", true)]
    public void An_error_of_the_database_passes_or_does_not(string state, bool passes) =>
        Assert.Equal(passes, DatabaseFault.IsPassing(new InvalidOperationException("wrapped", new Npgsql.PostgresException("text", "ERROR", "ERROR", state))));

    private async Task<int> AddAsync()
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TypesDb>();
        var sample = new Sample();
        db.Add(sample);
        await db.SaveChangesAsync();
        return sample.Id;
    }
}

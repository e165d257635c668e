using System.Net;
using System.Net.Http.Json;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>A server whose PostgreSQL is away: it starts, says when to come back, and needs nobody's hand when it is there again.</summary>
public sealed class DatabaseAwayTests
{
    [Fact]
    public async Task A_server_starts_without_its_database_and_serves_its_rows_when_that_is_there()
    {
        using var database = new PostgreSqlServer();
        var connection = database.CreateDatabase();
        database.Kill();
        await using var server = ServerProcess.Start($"serve --demo --limits none --urls http://127.0.0.1:0 --postgres \"{connection}\"");
        await Eventually.TrueAsync(() => server.Output.Contains("Ctrl+C", StringComparison.Ordinal), "the server starts", TimeSpan.FromSeconds(60));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = await server.ListeningAsync(), Timeout = TimeSpan.FromSeconds(30) };
        foreach (var request in new Func<Task<HttpResponseMessage>>[]
        {
            () => http.GetAsync("/items"), () => http.GetAsync("/items/1"), () => http.PostAsJsonAsync("/items", new { name = "a", price = 1 }), () => http.PutAsJsonAsync("/items/1", new { name = "a", price = 1 }),
            () => http.PatchAsJsonAsync("/items/1", new { name = "a" }), () => http.DeleteAsync("/items/1"),
        })
        {
            using var answer = await request();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        }

        database.Start();
        await Eventually.TrueAsync(async () => (await http.GetAsync("/items")).StatusCode == HttpStatusCode.OK, () => $"the rows; the server said {server.Output}");
        using var made = await http.PostAsJsonAsync("/items", new { name = "apple", price = 1 });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);

        // Away once more, in the middle of its life.
        database.Kill();
        using (var answer = await http.GetAsync("/items"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        database.Start();
        await Eventually.TrueAsync(async () => (await http.GetAsync("/items")).StatusCode == HttpStatusCode.OK, () => "the rows");
    }
}

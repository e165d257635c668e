using System.Net.Http.Json;
using System.Text.Json;
using TestKit;

namespace Tidings.Tasks.Tests.Http;

/// <summary>The standalone server with a database.</summary>
public sealed class PostgreSqlServerTests
{
    [Fact]
    public async Task A_task_is_there_after_the_server_has_begun_anew()
    {
        var database = PostgreSqlServer.Shared.CreateDatabase();
        await using (var server = await TestServer.StartAsync("auto", settings: [("Tidings:PostgreSql", database), ("Tidings:Demo", "false")]))
        {
            using var http = Http(server);
            http.DefaultRequestHeaders.Authorization = new("Bearer", server.Services.AdminKey);
            (await http.PostAsJsonAsync("/api/tasks", new { name = "elsewhere", task_id = "kept" })).EnsureSuccessStatusCode();
            (await http.PutAsJsonAsync("/api/tasks/kept", new { status = "running", progress = 40 })).EnsureSuccessStatusCode();
        }

        await using (var server = await TestServer.StartAsync("auto", settings: [("Tidings:PostgreSql", database)]))
        {
            using var http = Http(server);
            var state = await http.GetFromJsonAsync<JsonElement>("/api/tasks/kept");
            Assert.Equal(40, state.GetProperty("progress").GetInt32());
            (await http.PostAsJsonAsync("/items", new { name = "apple", price = 1 })).EnsureSuccessStatusCode();
        }
    }

    private static HttpClient Http(TestServer server) =>
        new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
}

using System.Net.Http.Json;
using TestKit;
using Tidings.Protocol;

namespace Tidings.Client.Tests.EndToEnd;

public sealed class LiveResourceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_collection_is_what_the_table_is_through_changes_and_a_broken_connection()
    {
        await using var server = await ClientServer.StartAsync(("Tidings:Demo", "true"), ("Tidings:Limits:Preset", "none"));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{server.Server.Port}") };
        await using var items = server.Client().Resource<Thing>("items");
        await items.WaitAsync().WaitAsync(Limit);
        Assert.Empty(items.Rows);
        await http.PostAsJsonAsync("/items", new { name = "apple", price = 10.5 });
        await Eventually.EqualAsync("apple", () => items.Rows.GetValueOrDefault("1")?.Name, "the row's name");
        await http.PatchAsJsonAsync("/items/1", new { name = "orange" });
        await Eventually.EqualAsync("orange", () => items.Rows.GetValueOrDefault("1")?.Name, "the row's name");

        server.Proxy.CutAll();
        await http.PostAsJsonAsync("/items", new { name = "pear", price = 1 });
        await http.DeleteAsync("/items/1");
        await Eventually.EqualAsync("2 pear", () => string.Join(',', items.Rows.Select(static row => $"{row.Key} {row.Value.Name}")), "what was missed");

        var told = new List<string>();
        using var limit = new CancellationTokenSource(Limit);
        await foreach (var change in items.ReadChangesAsync(limit.Token))
        {
            told.Add($"{change.Kind} {change.Id} {change.Previous?.Name}>{change.Row?.Name}");
            if (told.Count == 5)
            {
                break;
            }
        }

        Assert.Equal(["Reset  >", "Create 1 >apple", "Update 1 apple>orange", "Create 2 >pear", "Delete 1 orange>"], told);
    }

    [Fact]
    public async Task A_filter_shows_its_rows_alone()
    {
        await using var server = await ClientServer.StartAsync(("Tidings:Demo", "true"), ("Tidings:Limits:Preset", "none"));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{server.Server.Port}") };
        await http.PostAsJsonAsync("/items", new { name = "apple", price = 1 });
        await http.PostAsJsonAsync("/items", new { name = "fig", price = 1 });
        await using var figs = server.Client().Resource<Thing>("items", new { name = "fig" });
        await figs.WaitAsync().WaitAsync(Limit);
        Assert.Equal("fig", Assert.Single(figs.Rows).Value.Name);
    }

    [Fact]
    public async Task A_row_that_does_not_fit_ends_the_collection_and_says_where()
    {
        await using var server = await ClientServer.StartAsync(("Tidings:Demo", "true"), ("Tidings:Limits:Preset", "none"));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{server.Server.Port}") };
        await using var later = server.Client().Resource<Numbered>("items");
        await later.WaitAsync().WaitAsync(Limit);
        await http.PostAsJsonAsync("/items", new { name = "apple", price = 1 });
        var told = await Assert.ThrowsAsync<TidingsException>(async () =>
        {
            await foreach (var _ in later.ReadChangesAsync().WithCancellation(new CancellationTokenSource(Limit).Token))
            {
            }
        });
        Assert.Equal((ErrorCode.BadRequest, "$.name"), (told.Code, Assert.Single(told.Details).Field));
        await using var first = server.Client().Resource<Numbered>("items");
        Assert.Equal("$.name", Assert.Single((await Assert.ThrowsAsync<TidingsException>(() => first.WaitAsync().WaitAsync(Limit))).Details).Field);

        // It does not come back to read them again.
        var connections = server.Proxy.Accepted;
        await Assert.ThrowsAsync<TidingsException>(() => first.WaitAsync());
        await Eventually.EqualAsync(0, () => server.Proxy.Count, "connections that are left");
        Assert.Equal(connections, server.Proxy.Accepted);
    }

    [Fact]
    public async Task A_filter_that_is_refused_ends_the_collection_and_names_the_member()
    {
        await using var server = await ClientServer.StartAsync(("Tidings:Demo", "true"), ("Tidings:Limits:Preset", "none"));
        await using var items = server.Client().Resource<Thing>("items", new { colour = "red" });
        var refused = await Assert.ThrowsAsync<TidingsException>(() => items.WaitAsync().WaitAsync(Limit));
        Assert.Equal((ErrorCode.BadRequest, "filter.colour"), (refused.Code, Assert.Single(refused.Details).Field));
    }

    private sealed record Numbered(int Id, int Name);

    private sealed record Thing(int Id, string Name, double Price);
}

using System.Net;
using System.Text;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Rest;

/// <summary>What holds on every provider.</summary>
public abstract class RestRules
{
    protected abstract string? Database();

    private protected Task<ShopApp> StartAsync() => ShopApp.StartAsync(Database());

    [Fact]
    public async Task A_row_is_made_read_written_and_deleted()
    {
        await using var app = await StartAsync();
        var (status, row, response) = await app.SendAsync(HttpMethod.Post, "/items", """{"name":"apple","category":"fruit","price":10.5}""");
        var path = response.Headers.Location!.OriginalString;
        Assert.Equal((HttpStatusCode.Created, $"/items/{row.GetProperty("id")}"), (status, path));
        Assert.Equal("apple", (await app.SendAsync(HttpMethod.Get, path)).Json.GetProperty("name").GetString());
        Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Put, path, """{"name":"orange","price":12}""")).Status);
        Assert.Equal(9, (await app.SendAsync(HttpMethod.Patch, path, """{"price":9}""")).Json.GetProperty("price").GetInt32());
        Assert.Equal("orange", (await app.SendAsync(HttpMethod.Get, path)).Json.GetProperty("name").GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await app.SendAsync(HttpMethod.Delete, path)).Status);
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await app.SendAsync(method, path)).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await app.SendAsync(HttpMethod.Put, path, """{"name":"orange","price":12}""")).Status);
    }

    [Fact]
    public async Task A_list_has_pages_filters_and_orders()
    {
        await using var app = await StartAsync();
        foreach (var i in Enumerable.Range(1, 5))
        {
            await app.AddAsync($"item {i}", i % 2 == 0 ? "even" : "odd", 10 - i);
        }

        string Names((HttpStatusCode, System.Text.Json.JsonElement Json, HttpResponseMessage) answer) => string.Join(' ', answer.Json.EnumerateArray().Select(static row => row.GetProperty("name").GetString()![5..]));
        var page = await app.SendAsync(HttpMethod.Get, "/items?limit=2&sort=price");
        Assert.Equal("5 4", Names(page));
        var next = page.Response.Headers.GetValues("Link").Single().Split('<', '>')[1];
        Assert.Equal("3 2", Names(await app.SendAsync(HttpMethod.Get, next)));
        Assert.Equal("2 4", Names(await app.SendAsync(HttpMethod.Get, "/items?category=even")));
        Assert.Equal("4", Names(await app.SendAsync(HttpMethod.Get, "/items?category=even&price=6")));
        Assert.Equal("2 4 1 3 5", Names(await app.SendAsync(HttpMethod.Get, "/items?sort=category,id")));
        foreach (var query in new[] { "limit=0", "limit=100000", "limit=1&limit=2", "offset=-1", "offset=99999999", "sort=secret", "sort=price,price", "passwordHash=x", "owner=x", "price=much", "id=" })
        {
            var (status, problem, response) = await app.SendAsync(HttpMethod.Get, "/items?" + query);
            Assert.True(status == HttpStatusCode.BadRequest, $"{query}: {status}");
            Assert.Equal(("application/problem+json", "bad_request"), (response.Content.Headers.ContentType!.MediaType, problem.GetProperty("code").GetString()));
        }
    }

    [Fact]
    public async Task What_does_not_fit_is_a_problem_that_says_where()
    {
        await using var app = await StartAsync();
        var id = await app.AddAsync("apple");
        foreach (var (method, path, body, member) in new[]
        {
            (HttpMethod.Post, "/items", """{"name":"x"}""", "price"), (HttpMethod.Post, "/items", """{"name":null,"price":1}""", "name"), (HttpMethod.Post, "/items", """{"name":"x","price":-1}""", "price"),
            (HttpMethod.Post, "/items", $$"""{"name":"{{new string('x', 41)}}","price":1}""", "name"), (HttpMethod.Patch, $"/items/{id}", """{"passwordHash":"mine"}""", "passwordHash"), (HttpMethod.Patch, $"/items/{id}", """{"id":77}""", "id"),
            (HttpMethod.Put, $"/items/{id}", """{"name":"x","price":"y"}""", "price"),
        })
        {
            var (status, problem, _) = await app.SendAsync(method, path, body);
            Assert.True(status == HttpStatusCode.BadRequest, $"{method} {path} {body}: {status}");
            Assert.Equal(member, Assert.Single(problem.GetProperty("errors").EnumerateObject()).Name);
        }

        foreach (var body in new[] { "{", "[]", "7", """{"name":"a","name":"b"}""" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await app.SendAsync(HttpMethod.Post, "/items", body)).Status);
        }

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await app.SendAsync(HttpMethod.Post, "/items", $$"""{"name":"{{new string('x', 2_000_000)}}","price":1}""")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.SendAsync(HttpMethod.Get, "/items/apple")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await app.SendAsync(HttpMethod.Post, "/items", $$"""{"id":{{id}},"name":"x","price":1}""")).Status);

        // Whatever else asks as a page elsewhere could is no direct request.
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.SendAsync(HttpMethod.Get, "/items", change: static request => request.Headers.Add("X-Forwarded-For", "10.0.0.1"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.SendAsync(HttpMethod.Post, "/items", change: static request => request.Content = new StringContent("{}", Encoding.UTF8, "text/plain"))).Status);
    }

    [Fact]
    public async Task Who_sends_an_old_token_is_told_so_and_who_sends_none_wins()
    {
        await using var app = await StartAsync();
        var (_, order, made) = await app.SendAsync(HttpMethod.Post, "/orders", """{"quantity":1,"version":1}""");
        var path = made.Headers.Location!.OriginalString;
        var tag = made.Headers.ETag!.Tag;
        Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Patch, path, """{"quantity":2}""")).Status);
        await app.UseAsync(async db =>
        {
            var row = await db.Orders.SingleAsync();
            row.Version = 2;
            await db.SaveChangesAsync();
        });
        var (status, problem, _) = await app.SendAsync(HttpMethod.Patch, path, """{"quantity":3,"version":1}""");
        Assert.Equal((HttpStatusCode.Conflict, "conflict"), (status, problem.GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await app.SendAsync(HttpMethod.Patch, path, """{"quantity":3}""", request => request.Headers.TryAddWithoutValidation("If-Match", tag))).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await app.SendAsync(HttpMethod.Delete, path, change: request => request.Headers.TryAddWithoutValidation("If-Match", tag))).Status);
        Assert.Equal(3, (await app.SendAsync(HttpMethod.Patch, path, """{"quantity":3,"version":2}""")).Json.GetProperty("quantity").GetInt32());
        Assert.Equal(4, (await app.SendAsync(HttpMethod.Patch, path, """{"quantity":4}""")).Json.GetProperty("quantity").GetInt32());
        Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Get, $"/orders/{order.GetProperty("id").GetString()}")).Status);
    }
}

public sealed class MemoryRestRules : RestRules
{
    protected override string? Database() => null;
}

public sealed class PostgreSqlRestRules : RestRules
{
    protected override string? Database() => PostgreSqlServer.Shared.CreateDatabase();
}

public sealed class SqliteRestRules : RestRules
{
    protected override string? Database() => SqliteFile.CreateDatabase();
}

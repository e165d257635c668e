using System.Net;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Rest;

/// <summary>Names of resources, and keys as parts of addresses.</summary>
public abstract class AddressTests
{
    protected abstract string? Database();

    [Fact]
    public async Task Every_key_that_can_be_made_can_be_found_by_its_address()
    {
        await using var app = await StartAsync();
        foreach (var key in new[] { "plain", "a/b", "a%2Fb", "a%2fb", "100%", "%", "a b", "ä/ö", "x?y#z", "../up", "a/..", "a+b", "..." })
        {
            var made = await app.SendAsync(HttpMethod.Post, "/labels", $$"""{"name":"{{key}}","note":"of {{key}}"}""");
            Assert.True(made.Status == HttpStatusCode.Created, $"{key}: {made.Status}");
            var read = await app.SendAsync(HttpMethod.Get, made.Response.Headers.Location!.OriginalString);
            Assert.True(read.Status == HttpStatusCode.OK && read.Json.GetProperty("name").GetString() == key, $"{key} at {made.Response.Headers.Location}: {read.Status} {read.Json}");
            var changed = await app.SendAsync(HttpMethod.Patch, made.Response.Headers.Location.OriginalString, """{"note":"changed"}""");
            Assert.True(changed.Json.GetProperty("name").GetString() == key, key);
        }
    }

    [Theory]
    [InlineData("."), InlineData(".."), InlineData("")]
    public async Task A_key_that_no_address_can_name_is_refused(string key)
    {
        await using var app = await StartAsync();
        var (status, problem, _) = await app.SendAsync(HttpMethod.Post, "/labels", $$"""{"name":"{{key}}","note":""}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("name", Assert.Single(problem.GetProperty("errors").EnumerateObject()).Name);
    }

    [Fact]
    public async Task A_slash_at_the_end_changes_nothing()
    {
        await using var app = await StartAsync();
        var made = await app.SendAsync(HttpMethod.Post, "/labels/", """{"name":"a","note":""}""");
        Assert.Equal("/labels/a", made.Response.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Get, "/labels/a/")).Status);
    }

    [Theory]
    [InlineData("/bigs", "/v2/bigs"), InlineData("/bigs", "/Bigs"), InlineData("/bigs", "/v2/bigs/"), InlineData("/bigs", "/bigs")]
    public async Task Two_resources_of_one_name_stop_the_start_and_say_why(string first, string second)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => ShopApp.StartAsync(Database(), app =>
        {
            app.MapResource<Item, ShopDb>(first).AllMembers();
            app.MapResource<Order, ShopDb>(second).AllMembers();
        }));
        Assert.Contains("Two resources are named", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_feed_alone_of_the_same_name_stops_the_start_too() => await Assert.ThrowsAsync<InvalidOperationException>(() => ShopApp.StartAsync(Database(), static app =>
    {
        app.MapResource<Item, ShopDb>("/items").AllMembers();
        app.MapLiveResource<Order, ShopDb>("/feeds/items").AllMembers();
    }));

    private Task<ShopApp> StartAsync() => ShopApp.StartAsync(Database(), static app => app.MapResource<Label, ShopDb>("/labels").AllMembers());
}

public sealed class MemoryAddressTests : AddressTests
{
    protected override string? Database() => null;
}

public sealed class PostgreSqlAddressTests : AddressTests
{
    protected override string? Database() => PostgreSqlServer.Shared.CreateDatabase();
}

public sealed class SqliteAddressTests : AddressTests
{
    protected override string? Database() => SqliteFile.CreateDatabase();
}

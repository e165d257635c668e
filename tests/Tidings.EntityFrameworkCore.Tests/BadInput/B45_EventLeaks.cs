using System.Net;
using System.Security.Claims;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.BadInput;

/// <summary>Unlisted columns, owned types, shadow properties, rows of others, changes that move a row out of sight.</summary>
public abstract class B45_EventLeaks
{
    private const string Canary = "canary";

    protected abstract string? Database();

    [Fact]
    public async Task Nothing_leaves_but_the_named_members()
    {
        await using var app = await ShopApp.StartAsync(Database());
        var (feed, _) = await app.SubscribeAsync();
        await using var channel = await app.ConnectAsync("/connect");
        await channel.SendAsync("""{"type":"subscribe","channel":"resource:items"}""");
        await channel.ExpectAsync("connected");
        await channel.ExpectAsync("subscribed");
        var id = await app.AddAsync("apple");
        await app.ChangeAsync(id, static item => item.PasswordHash = "canary-new");
        await app.ChangeAsync(id, static item => item.Place = new Place { Shelf = "canary-moved" });
        await app.ChangeAsync(id, static item => item.Name = "orange");
        for (var last = ""; last != "orange";)
        {
            last = (await feed.ReceiveAsync())!.Value.GetProperty("data").GetProperty("name").GetString()!;
        }

        for (var last = ""; last != "orange";)
        {
            last = (await channel.ReceiveAsync())!.Value.GetProperty("data").GetProperty("data").GetProperty("name").GetString()!;
        }

        var rest = await app.Http.GetStringAsync("/items") + await app.Http.GetStringAsync($"/items/{id}");
        var history = string.Concat((await app.Tidings.HistoryAsync("resource:items")).Messages.Select(static message => System.Text.Encoding.UTF8.GetString(message.Data.Span)));
        foreach (var text in feed.Texts.Concat(channel.Texts).Append(rest).Append(history).Concat(app.Log))
        {
            Assert.DoesNotContain(Canary, text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("passwordHash", text, StringComparison.OrdinalIgnoreCase);
        }

        await feed.DisposeAsync();
    }

    [Fact]
    public async Task Rows_of_others_are_as_if_they_were_not_there()
    {
        await using var app = await ShopApp.StartAsync(Database(), static app => app.MapResource<Item, ShopDb>("/items")
            .Members(static i => new { i.Id, i.Name, i.Category })
            .VisibleTo(static (i, user) => i.Owner == user.FindFirst(ClaimTypes.NameIdentifier)!.Value || i.Category == "public")
            .AllowAnonymous());
        var (mine, theirs) = (await app.AddAsync("mine", owner: "ann"), await app.AddAsync("secret-1", owner: "bob"));
        var (ann, initial) = await app.SubscribeAsync("/ws/items?as=ann");
        await using var _ = ann;
        Assert.Equal(mine, Assert.Single(initial.GetProperty("data").EnumerateArray()).GetProperty("id").GetInt32());

        // Of what she can't see nothing is said, whatever happens to it.
        var another = await app.AddAsync("secret-2", owner: "bob");
        await app.ChangeAsync(theirs, static item => item.Name = "secret-3");
        await app.UseAsync(db =>
        {
            db.Remove(db.Items.Single(item => item.Id == another));
            return db.SaveChangesAsync();
        });
        await ann.ExpectNothingAsync();

        // Into sight, out of sight: a create, and a delete without data.
        await app.ChangeAsync(theirs, static item => (item.Owner, item.Name) = ("ann", "given"));
        Assert.Equal("given", (await ann.ExpectAsync("create")).GetProperty("data").GetProperty("name").GetString());
        await app.ChangeAsync(theirs, static item => (item.Owner, item.Name) = ("bob", "secret-4"));
        var gone = await ann.ExpectAsync("delete");
        Assert.Equal(theirs, gone.GetProperty("id").GetInt32());
        Assert.False(gone.TryGetProperty("data", out var _));
        Assert.All(ann.Texts, static text => Assert.DoesNotContain("secret", text, StringComparison.Ordinal));

        // Nor by the other ways in.
        await using var channel = await app.ConnectAsync("/connect?as=ann");
        await channel.ExpectAsync("connected");
        foreach (var command in new[] { """{"type":"subscribe","channel":"resource:items"}""", """{"type":"history","channel":"resource:items"}""", """{"type":"publish","channel":"resource:items","data":1}""" })
        {
            await channel.SendAsync(command);
            Assert.Equal("not_allowed", (await channel.ExpectAsync("error")).GetProperty("code").GetString());
        }

        Assert.Equal(HttpStatusCode.NotFound, (await app.SendAsync(HttpMethod.Get, $"/items/{theirs}?as=ann")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.SendAsync(HttpMethod.Delete, $"/items/{theirs}?as=ann")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.SendAsync(HttpMethod.Patch, $"/items/{theirs}?as=ann", """{"name":"x"}""")).Status);
        Assert.Equal(1, (await app.SendAsync(HttpMethod.Get, "/items?as=ann")).Json.GetArrayLength());
        Assert.Equal(HttpStatusCode.Forbidden, (await app.SendAsync(HttpMethod.Post, "/items?as=ann", """{"name":"nobody's"}""")).Status);
        Assert.Equal(HttpStatusCode.Created, (await app.SendAsync(HttpMethod.Post, "/items?as=ann", """{"name":"all's","category":"public"}""")).Status);
    }

    [Fact]
    public async Task Who_does_not_say_what_may_be_seen_does_not_start()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => ShopApp.StartAsync(Database(), static app => app.MapResource<Item, ShopDb>("/items")));
        Assert.Contains(".Members(", error.Message, StringComparison.Ordinal);
    }
}

public sealed class B45_MemoryEventLeaks : B45_EventLeaks
{
    protected override string? Database() => null;
}

public sealed class B45_PostgreSqlEventLeaks : B45_EventLeaks
{
    protected override string? Database() => PostgreSqlServer.Shared.CreateDatabase();
}

public sealed class B45_SqliteEventLeaks : B45_EventLeaks
{
    protected override string? Database() => SqliteFile.CreateDatabase();
}

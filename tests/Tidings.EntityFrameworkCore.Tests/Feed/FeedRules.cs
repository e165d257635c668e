using System.Text.Json;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Feed;

/// <summary>What holds on every provider.</summary>
public abstract class FeedRules
{
    protected abstract string? Database();

    private protected Task<ShopApp> StartAsync(Action<WebApplication>? map = null, Action<IServiceCollection>? services = null) => ShopApp.StartAsync(Database(), map, services);

    [Fact]
    public async Task Rows_come_first_then_what_happens_to_them()
    {
        await using var app = await StartAsync();
        var apple = await app.AddAsync("apple", "fruit", 10.5m);
        var (client, initial) = await app.SubscribeAsync();
        await using var _ = client;
        Assert.Equal($$"""{"type":"initial","resource":"items","data":[{"id":{{apple}},"name":"apple","category":"fruit","price":10.5}]""", initial.GetRawText().Split(",\"key\"")[0]);
        var pear = await app.AddAsync("pear");
        var created = await client.ExpectAsync("create");
        Assert.Equal($$"""{"type":"create","resource":"items","id":{{pear}},"data":{"id":{{pear}},"name":"pear","category":null,"price":1}""", created.GetRawText().Split(",\"offset\"")[0]);
        await app.ChangeAsync(apple, item => item.Name = "orange");
        Assert.Equal("orange", (await client.ExpectAsync("update")).GetProperty("data").GetProperty("name").GetString());
        await app.UseAsync(db =>
        {
            db.Remove(db.Items.Single(item => item.Id == pear));
            return db.SaveChangesAsync();
        });
        Assert.Equal($$"""{"type":"delete","resource":"items","id":{{pear}}""", (await client.ExpectAsync("delete")).GetRawText().Split(",\"offset\"")[0]);
    }

    [Fact]
    public async Task Without_subscribe_a_socket_gets_nothing()
    {
        await using var app = await StartAsync();
        await using var client = await app.ConnectAsync();
        await app.AddAsync("apple");
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_filter_shows_its_rows_and_turns_entering_and_leaving_into_create_and_delete()
    {
        await using var app = await StartAsync();
        var apple = await app.AddAsync("apple", "fruit");
        var leek = await app.AddAsync("leek", "vegetable");
        var (client, initial) = await app.SubscribeAsync(command: """{"type":"subscribe","filter":{"category":"fruit"}}""");
        await using var _ = client;
        Assert.Equal(apple, Assert.Single(initial.GetProperty("data").EnumerateArray()).GetProperty("id").GetInt32());
        await app.ChangeAsync(leek, item => item.Category = "fruit");
        Assert.Equal(leek, (await client.ExpectAsync("create")).GetProperty("data").GetProperty("id").GetInt32());
        await app.ChangeAsync(leek, item => item.Price = 3);
        Assert.Equal(leek, (await client.ExpectAsync("update")).GetProperty("id").GetInt32());
        await app.ChangeAsync(apple, item => item.Category = "sold");
        var gone = await client.ExpectAsync("delete");
        Assert.Equal(apple, gone.GetProperty("id").GetInt32());
        Assert.False(gone.TryGetProperty("data", out var _));
        await app.ChangeAsync(apple, item => item.Price = 4);
        await app.UseAsync(db =>
        {
            db.Remove(db.Items.Single(item => item.Id == apple));
            return db.SaveChangesAsync();
        });
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Writers_that_have_read_long_ago_are_told_as_the_database_has_it()
    {
        await using var app = await StartAsync();
        var id = await app.AddAsync("apple", "fruit", 1);
        var (client, _) = await app.SubscribeAsync(command: """{"type":"subscribe","filter":{"category":"toy"}}""");
        await using var _c = client;
        await app.UseAsync(async db =>
        {
            var stale = await db.Items.SingleAsync(item => item.Id == id);
            await app.ChangeAsync(id, item => item.Category = "toy");
            await client.ExpectAsync("create");
            stale.Price = 9;
            await db.SaveChangesAsync();
        });
        var update = await client.ExpectAsync("update");
        Assert.Equal("toy", update.GetProperty("data").GetProperty("category").GetString());
        Assert.Equal(9, update.GetProperty("data").GetProperty("price").GetInt32());
    }

    [Fact]
    public async Task An_attached_entity_leaves_a_filter_though_nobody_has_read_it()
    {
        await using var app = await StartAsync();
        var id = await app.AddAsync("apple", "fruit");
        var (client, _) = await app.SubscribeAsync(command: """{"type":"subscribe","filter":{"category":"fruit"}}""");
        await using var _c = client;
        await app.UseAsync(db =>
        {
            db.Update(new Item { Id = id, Name = "apple", Category = "sold" });
            return db.SaveChangesAsync();
        });
        Assert.Equal(id, (await client.ExpectAsync("delete")).GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task Who_was_away_goes_on_after_the_last_event()
    {
        await using var app = await StartAsync();
        var (first, initial) = await app.SubscribeAsync();
        await app.AddAsync("a");
        var a = await first.ExpectAsync("create");
        await first.DisposeAsync();
        await app.AddAsync("b");
        await using var second = await app.ConnectAsync();
        await second.SendAsync($$$"""{"type":"subscribe","since":{"epoch":"{{{initial.GetProperty("epoch").GetString()}}}","offset":{{{a.GetProperty("offset").GetInt64()}}}}}""");
        await second.ExpectAsync("resumed");
        Assert.Equal("b", (await second.ExpectAsync("create")).GetProperty("data").GetProperty("name").GetString());
        await second.SendAsync("""{"type":"subscribe","since":{"epoch":"another","offset":1}}""");
        Assert.Equal(2, (await second.ExpectAsync("initial")).GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task Rows_that_nobody_here_sees_come_and_go_in_silence()
    {
        await using var app = await StartAsync();
        var (client, _) = await app.SubscribeAsync(command: """{"type":"subscribe","filter":{"category":"toy"}}""");
        await using var _c = client;
        for (var i = 0; i < 5; i++)
        {
            await app.UseAsync(static db =>
            {
                db.AddRange(Enumerable.Range(0, 40).Select(static i => new Item { Name = $"item {i}", Category = "bulk" }));
                return db.SaveChangesAsync();
            });
        }

        await app.AddAsync("ball", "toy");
        Assert.Equal("ball", (await client.ExpectAsync("create")).GetProperty("data").GetProperty("name").GetString());
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Many_rows_come_in_parts()
    {
        await using var app = await StartAsync();
        await app.UseAsync(db =>
        {
            db.AddRange(Enumerable.Range(0, 20_000).Select(i => new Item { Name = $"item {i}", Category = "bulk" }));
            return db.SaveChangesAsync();
        });
        await using var client = await app.ConnectAsync();
        await client.SendAsync("""{"type":"subscribe"}""");
        var (rows, parts) = (0, 0);
        JsonElement part;
        do
        {
            part = await client.ExpectAsync("initial");
            rows += part.GetProperty("data").GetArrayLength();
            parts++;
        }
        while (part.TryGetProperty("more", out var more) && more.GetBoolean());
        Assert.Equal(20_000, rows);
        Assert.True(parts > 3, $"{parts} parts");
    }

    [Fact]
    public async Task Bad_input_is_answered()
    {
        await using var app = await StartAsync();
        await using var client = await app.ConnectAsync();
        await client.SendAsync("{");
        await client.ExpectErrorAsync("Invalid JSON format");
        foreach (var (command, field) in new[]
        {
            ("[]", ""), ("""{"type":"x"}""", "type"), ("""{"type":"subscribe","filter":7}""", "filter"), ("""{"type":"subscribe","filter":{"passwordHash":"x"}}""", "filter.passwordHash"),
            ("""{"type":"subscribe","filter":{"owner":"x"}}""", "filter.owner"), ("""{"type":"subscribe","filter":{"price":"much"}}""", "filter.price"), ("""{"type":"subscribe","filter":{"id":null}}""", "filter.id"),
            ("""{"type":"subscribe","since":{"epoch":7}}""", "since"), ("""{"type":"subscribe","since":{"epoch":"e","offset":-1}}""", "since"), ("""{"type":"subscribe","snapshot":"x"}""", "snapshot"),
        })
        {
            await client.SendAsync(command);
            var error = await client.ExpectErrorAsync("Invalid message format");
            Assert.Equal(field, error.GetProperty("details")[0].GetProperty("field").GetString());
        }
    }

    [Fact]
    public async Task The_channel_says_the_same()
    {
        await using var app = await StartAsync();
        await using var client = await app.ConnectAsync("/connect");
        await client.ExpectAsync("connected");
        await client.SendAsync("""{"type":"subscribe","channel":"resource:items"}""");
        await client.ExpectAsync("subscribed");
        await client.SendAsync("""{"type":"publish","channel":"resource:items","data":1}""");
        await client.ExpectAsync("error");
        var id = await app.AddAsync("apple");
        var data = (await client.ExpectAsync("message")).GetProperty("data");
        Assert.Equal($$$"""{"type":"create","resource":"items","id":{{{id}}},"data":{"id":{{{id}}},"name":"apple","category":null,"price":1}}""", data.GetRawText());
    }

    [Fact]
    public async Task What_somebody_else_publishes_into_the_channel_is_no_event()
    {
        await using var app = await StartAsync();
        var (client, _) = await app.SubscribeAsync();
        await using var _c = client;
        await app.Tidings.PublishAsync("resource:items", new { type = "create", resource = "items", id = 66 });
        await app.AddAsync("apple");
        Assert.Equal("apple", (await client.ExpectAsync("create")).GetProperty("data").GetProperty("name").GetString());
    }

    [Fact]
    public async Task What_was_changed_elsewhere_is_told_when_asked()
    {
        await using var app = await StartAsync();
        var id = await app.AddAsync("apple", "fruit");
        var (client, _) = await app.SubscribeAsync(command: """{"type":"subscribe","filter":{"category":"toy"}}""");
        var (all, _) = await app.SubscribeAsync();
        await using var _c = client;
        await using var _d = all;
        await app.UseAsync(db => db.PublishChangedAsync<Item>([id, 999]));
        Assert.Equal(id, (await all.ExpectAsync("update")).GetProperty("id").GetInt32());
        Assert.Equal(999, (await all.ExpectAsync("delete")).GetProperty("id").GetInt32());

        // Whether it was in sight nobody knows: the rows come anew, and no row is named that was not visible.
        Assert.Equal(0, (await client.ExpectAsync("initial")).GetProperty("data").GetArrayLength());
    }
}

public sealed class MemoryFeedRules : FeedRules
{
    protected override string? Database() => null;
}

public sealed class PostgreSqlFeedRules : TableFeedRules
{
    protected override string? Database() => PostgreSqlServer.Shared.CreateDatabase();
}

public sealed class SqliteFeedRules : TableFeedRules
{
    protected override string? Database() => SqliteFile.CreateDatabase();
}

/// <summary>What databases with tables can besides.</summary>
public abstract class TableFeedRules : FeedRules
{
    [Fact]
    public async Task Statements_without_SaveChanges_are_told_when_asked()
    {
        await using var app = await StartAsync();
        var (apple, leek) = (await app.AddAsync("apple", "fruit"), await app.AddAsync("leek", "vegetable"));
        var (client, _) = await app.SubscribeAsync(command: """{"type":"subscribe","filter":{"category":"fruit"}}""");
        await using var _c = client;
        await app.UseAsync(db => db.ExecuteAndPublishAsync(
            db.Items.Where(item => item.Category == "vegetable"), rows => rows.ExecuteUpdateAsync(set => set.SetProperty(item => item.Category, "fruit"))));
        Assert.Equal(leek, (await client.ExpectAsync("create")).GetProperty("id").GetInt32());
        await app.UseAsync(db => db.ExecuteAndPublishAsync(db.Items.Where(item => item.Id == apple), rows => rows.ExecuteDeleteAsync()));
        Assert.Equal(apple, (await client.ExpectAsync("delete")).GetProperty("id").GetInt32());
    }
}

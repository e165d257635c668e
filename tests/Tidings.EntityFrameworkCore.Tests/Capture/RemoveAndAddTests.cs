using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Capture;

/// <summary>A key that is removed and added in one save has a row in the end, and every client has it.</summary>
public sealed class RemoveAndAddTests
{
    [Theory]
    [InlineData(SaveMode.Memory), InlineData(SaveMode.Own), InlineData(SaveMode.Callers), InlineData(SaveMode.SqliteOwn), InlineData(SaveMode.SqliteCallers)]
    public async Task A_row_that_is_replaced_in_one_save_is_an_update(SaveMode mode)
    {
        await using var app = await ShopApp.StartAsync(CaptureWorld.Database(mode));
        var id = await app.AddAsync("apple", "fruit");
        var (all, _) = await app.SubscribeAsync();
        var (fruit, _) = await app.SubscribeAsync(command: """{"type":"subscribe","filter":{"category":"fruit"}}""");
        var (toys, _) = await app.SubscribeAsync(command: """{"type":"subscribe","filter":{"category":"toy"}}""");
        await app.UseAsync(db => CaptureWorld.SaveAsync(db, mode, db =>
        {
            db.Remove(db.Items.Single());
            db.Add(new Item { Id = id, Name = "ball", Category = "toy" });
        }));
        Assert.Equal("ball", (await all.ExpectAsync("update")).GetProperty("data").GetProperty("name").GetString());
        Assert.Equal(id, (await fruit.ExpectAsync("delete")).GetProperty("id").GetInt32());
        Assert.Equal("ball", (await toys.ExpectAsync("create")).GetProperty("data").GetProperty("name").GetString());
        foreach (var client in new[] { all, fruit, toys })
        {
            await client.ExpectNothingAsync();
            await client.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(SaveMode.Memory), InlineData(SaveMode.Own), InlineData(SaveMode.Callers), InlineData(SaveMode.SqliteOwn), InlineData(SaveMode.SqliteCallers)]
    public async Task Rows_of_one_save_are_told_once_each(SaveMode mode)
    {
        await using var app = await ShopApp.StartAsync(CaptureWorld.Database(mode));
        var (kept, gone) = (await app.AddAsync("kept"), await app.AddAsync("gone"));
        var (client, _) = await app.SubscribeAsync();
        await using var _c = client;
        await app.UseAsync(db => CaptureWorld.SaveAsync(db, mode, db =>
        {
            db.Add(new Item { Name = "new" });
            db.Items.Single(item => item.Id == kept).Name = "kept on";
            db.Remove(db.Items.Single(item => item.Id == gone));
        }));
        var told = new List<string?>();
        for (var i = 0; i < 3; i++)
        {
            told.Add((await client.ReceiveAsync())!.Value.GetProperty("type").GetString());
        }

        Assert.Equal(["create", "delete", "update"], told.Order());
        await client.ExpectNothingAsync();
    }
}

using System.Text.Json;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Capture;

/// <summary>What is told of a save is what the database has in the end, wherever the application's own interceptors stand.</summary>
public sealed class OrderOfInterceptorsTests
{
    [Theory]
    [InlineData(SaveMode.Memory), InlineData(SaveMode.Own), InlineData(SaveMode.Callers), InlineData(SaveMode.SqliteOwn), InlineData(SaveMode.SqliteCallers)]
    public async Task Audit_columns_and_soft_deletes_of_a_later_interceptor_are_told(SaveMode mode)
    {
        await using var app = await StartAsync(mode, new Audit());
        var id = await app.AddAsync("apple");
        var (client, initial) = await app.SubscribeAsync();
        await using var _ = client;
        Assert.Equal("added", Assert.Single(initial.GetProperty("data").EnumerateArray()).GetProperty("category").GetString());
        await app.UseAsync(db => CaptureWorld.SaveAsync(db, mode, db => db.Items.Single().Name = "orange"));
        Assert.Equal(("orange", "changed"), Told(await client.ExpectAsync("update")));
        await app.UseAsync(db => CaptureWorld.SaveAsync(db, mode, db => db.Remove(db.Items.Single())));
        Assert.Equal(("orange", "deleted"), Told(await client.ExpectAsync("update")));
        var (again, rows) = await app.SubscribeAsync();
        await using var _a = again;
        Assert.Equal(id, Assert.Single(rows.GetProperty("data").EnumerateArray()).GetProperty("id").GetInt32());
    }

    [Theory]
    [InlineData(SaveMode.Memory), InlineData(SaveMode.Own), InlineData(SaveMode.Callers), InlineData(SaveMode.SqliteOwn), InlineData(SaveMode.SqliteCallers)]
    public async Task Rows_that_a_later_interceptor_adds_are_told(SaveMode mode)
    {
        await using var app = await StartAsync(mode, new Companion());
        var (client, _) = await app.SubscribeAsync();
        await using var _c = client;
        await app.UseAsync(db => CaptureWorld.SaveAsync(db, mode, static db => db.Add(new Order { Id = Guid.NewGuid(), Quantity = 3 })));
        Assert.Equal("for 3", Told(await client.ExpectAsync("create")).Name);
    }

    [Theory]
    [InlineData(SaveMode.Memory), InlineData(SaveMode.Own), InlineData(SaveMode.Callers), InlineData(SaveMode.SqliteOwn), InlineData(SaveMode.SqliteCallers)]
    public async Task A_save_that_a_later_interceptor_takes_over_is_told_only_where_it_saved(SaveMode mode)
    {
        await using var app = await StartAsync(mode, new Suppressing());
        await app.UseAsync(db => CaptureWorld.SaveAsync(db, mode, static db => db.Add(new Item { Name = "suppressed" })));
        await app.AddAsync("apple");
        Assert.Contains("apple", Assert.Single(await CaptureWorld.SaidAsync(app, "resource:items")), StringComparison.Ordinal);
    }

    private static Task<ShopApp> StartAsync(SaveMode mode, IInterceptor interceptor) => ShopApp.StartAsync(
        CaptureWorld.Database(mode), lateServices: services => services.ConfigureDbContext<ShopDb>(options => options.AddInterceptors(interceptor)));

    private static (string Name, string Category) Told(JsonElement message) =>
        (message.GetProperty("data").GetProperty("name").GetString()!, message.GetProperty("data").GetProperty("category").GetString()!);

    private sealed class Audit : SaveChangesInterceptor
    {
        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            foreach (var entry in eventData.Context!.ChangeTracker.Entries<Item>())
            {
                entry.Entity.Category = entry.State switch
                {
                    EntityState.Added => "added",
                    EntityState.Modified => "changed",
                    EntityState.Deleted => "deleted",
                    _ => entry.Entity.Category,
                };
                if (entry.State == EntityState.Deleted)
                {
                    entry.State = EntityState.Modified;
                }
            }

            foreach (var place in eventData.Context.ChangeTracker.Entries<Place>().Where(static entry => entry.State == EntityState.Deleted))
            {
                place.State = EntityState.Unchanged;
            }

            return ValueTask.FromResult(result);
        }
    }

    private sealed class Companion : SaveChangesInterceptor
    {
        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            foreach (var order in eventData.Context!.ChangeTracker.Entries<Order>().Where(static entry => entry.State == EntityState.Added).ToList())
            {
                eventData.Context.Add(new Item { Name = $"for {order.Entity.Quantity}" });
            }

            return ValueTask.FromResult(result);
        }
    }

    private sealed class Suppressing : SaveChangesInterceptor
    {
        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(eventData.Context!.ChangeTracker.Entries<Item>().Any(static entry => entry.Entity.Name == "suppressed") ? InterceptionResult<int>.SuppressWithResult(1) : result);
    }
}

using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Checker;

/// <summary>Writers that change a few rows at once, each change raising the row's version in the database itself.</summary>
internal sealed class Writers(ShopApp app, int seed)
{
    private static readonly string[] Categories = ["fruit", "vegetable", "toy"];

    private int _committed;

    public int Committed => _committed;

    /// <summary>Every sum of all prices that is committed, so that what is rolled back would be seen.</summary>
    public async Task WriteAsync(int writer, int times)
    {
        var random = new Random(seed * 1000 + writer);
        for (var i = 0; i < times; i++)
        {
            await app.UseAsync(db => WriteOnceAsync(db, random));
        }
    }

    private async Task WriteOnceAsync(ShopDb db, Random random)
    {
        try
        {
            // Half of them in a transaction of their own making, with other things in it, and sometimes rolled back.
            await using var transaction = random.Next(2) == 0 ? await db.Database.BeginTransactionAsync() : null;
            for (var step = transaction is null ? 1 : random.Next(1, 3); step > 0; step--)
            {
                await ChangeAsync(db, random, transaction is not null);
            }

            if (transaction is null)
            {
                Interlocked.Increment(ref _committed);
            }
            else if (random.Next(5) == 0)
            {
                await transaction.RollbackAsync();
            }
            else
            {
                await transaction.CommitAsync();
                Interlocked.Increment(ref _committed);
            }
        }
        catch (Exception error) when (error is DbUpdateException or InvalidOperationException or Npgsql.PostgresException && IsExpected(error))
        {
            // A row that somebody else has deleted meanwhile, or a deadlock that the database has ended.
        }
    }

    private static async Task ChangeAsync(ShopDb db, Random random, bool locked)
    {
        if (random.Next(4) == 0)
        {
            db.Add(new Item { Name = $"item {random.Next(1000)}", Category = Categories[random.Next(3)], Price = 1, Owner = random.Next(2) == 0 ? "ann" : "bob" });
            await db.SaveChangesAsync();
            return;
        }

        var item = locked
            ? await (db.Database.IsNpgsql()
                ? db.Items.FromSqlRaw("""SELECT * FROM "Items" ORDER BY random() LIMIT 1 FOR UPDATE""")
                : db.Items.FromSqlRaw("""SELECT * FROM "Items" ORDER BY random() LIMIT 1""")).FirstOrDefaultAsync()
            : null;
        if (item is null)
        {
            // Read without a lock: the version is raised by a statement that knows nothing of feeds, and told by an explicit call.
            var ids = await db.Items.Select(static row => row.Id).ToListAsync();
            if (ids.Count == 0)
            {
                return;
            }

            var id = ids[random.Next(ids.Count)];
            var category = Categories[random.Next(3)];
            await db.ExecuteAndPublishAsync(db.Items.Where(row => row.Id == id), rows => rows.ExecuteUpdateAsync(set => set
                .SetProperty(static row => row.Price, static row => row.Price + 1)
                .SetProperty(static row => row.Category, category)));
            return;
        }

        if (random.Next(6) == 0)
        {
            db.Remove(item);
        }
        else
        {
            item.Price++;
            item.Category = Categories[random.Next(3)];
        }

        await db.SaveChangesAsync();
        db.ChangeTracker.Clear();
    }

    private static bool IsExpected(Exception error) =>
        error is DbUpdateConcurrencyException
        || error is Npgsql.PostgresException { SqlState: "40P01" or "40001" }
        || error.InnerException is not null && IsExpected(error.InnerException);
}

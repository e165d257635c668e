using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Capture;

/// <summary>How a save comes to its transaction.</summary>
public enum SaveMode
{
    /// <summary>EF Core's in-memory provider: none.</summary>
    Memory,

    /// <summary>The transaction that SaveChanges makes.</summary>
    Own,

    /// <summary>One that the caller has begun.</summary>
    Callers,

    /// <summary>On SQLite, the transaction that SaveChanges makes.</summary>
    SqliteOwn,

    /// <summary>On SQLite, one that the caller has begun.</summary>
    SqliteCallers,
}

/// <summary>What the tests of one save have in common.</summary>
internal static class CaptureWorld
{
    public static string? Database(SaveMode mode) => mode switch
    {
        SaveMode.Memory => null,
        SaveMode.Own or SaveMode.Callers => PostgreSqlServer.Shared.CreateDatabase(),
        _ => SqliteFile.CreateDatabase(),
    };

    /// <summary>Changes and saves in the given way.</summary>
    public static async Task SaveAsync(ShopDb db, SaveMode mode, Action<ShopDb> change)
    {
        await using var transaction = mode is SaveMode.Callers or SaveMode.SqliteCallers ? await db.Database.BeginTransactionAsync() : null;
        change(db);
        await db.SaveChangesAsync();
        if (transaction is not null)
        {
            await transaction.CommitAsync();
        }
    }

    /// <summary>The data of a channel's messages, after one more save of something else has come through.</summary>
    public static async Task<List<string>> SaidAsync(ShopApp app, string channel)
    {
        var before = (await app.Tidings.HistoryAsync("resource:orders")).Position.Offset;
        await app.UseAsync(static db =>
        {
            db.Add(new Order { Id = Guid.NewGuid(), Quantity = 1 });
            return db.SaveChangesAsync();
        });
        await Eventually.TrueAsync(async () => (await app.Tidings.HistoryAsync("resource:orders")).Position.Offset > before, () => "the order's event");
        return [.. (await app.Tidings.HistoryAsync(channel)).Messages.Select(static message => System.Text.Encoding.UTF8.GetString(message.Data.Span))];
    }
}

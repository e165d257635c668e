// dotnet run --project samples/Resources --urls http://localhost:5000
// A table that updates while another window edits it: open http://localhost:5000 twice.
using System.ComponentModel.DataAnnotations;
using Microsoft.EntityFrameworkCore;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddDbContext<ShopDb>(options => _ = builder.Configuration["Postgres"] is { } postgres
    ? options.UseNpgsql(postgres)
    : options.UseInMemoryDatabase("shop"));
builder.Services.AddTidings().AddDbContext<ShopDb>();
builder.WebHost.UseTidings();
var app = builder.Build();

// REST at /items, the live feed at /ws/items. What is not named here never leaves the server.
app.MapResource<Item, ShopDb>("/items").Members(i => new { i.Id, i.Name, i.Price })
    .AllowAnonymous();      // whoever sees the page may change the rows; without this REST needs a key

// Channels, for pages that want more than the rows.
app.MapTidings();

// Whoever saves, all windows see it: here a form of the application's own.
app.MapPost("/sale", async (ShopDb db) =>
{
    await foreach (var item in db.Items.AsAsyncEnumerable())
    {
        item.Price = Math.Round(item.Price * 0.9m, 2);
    }

    await db.SaveChangesAsync();
});

app.MapPage();

using (var scope = app.Services.CreateScope())
{
    scope.ServiceProvider.GetRequiredService<ShopDb>().Database.EnsureCreated();
}

app.Run();

public sealed class Item
{
    public int Id { get; set; }
    public required string Name { get; set; }
    [Range(0, 1_000_000)]
    public decimal Price { get; set; }
    public string? SupplierNote { get; set; }
}

public sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
{
    public DbSet<Item> Items => Set<Item>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddTidingsOutbox();
        modelBuilder.Entity<Item>().HasData(
            new Item { Id = 1, Name = "Apple", Price = 1.20m, SupplierNote = "pays late" },
            new Item { Id = 2, Name = "Pear", Price = 1.50m },
            new Item { Id = 3, Name = "Quince", Price = 2.10m });
    }
}

public sealed class ResourcesSample;

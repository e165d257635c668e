using System.ComponentModel.DataAnnotations;

namespace Tidings.EntityFrameworkCore.Tests.Infrastructure;

public class Item
{
    public int Id { get; set; }

    [MaxLength(40)]
    public string Name { get; set; } = "";

    public string? Category { get; set; }

    [Range(0, 1_000_000)]
    public decimal Price { get; set; }

    public string Owner { get; set; } = "";

    public string PasswordHash { get; set; } = "canary-hash";

    public Place Place { get; set; } = new();
}

[Owned]
public class Place
{
    public string Shelf { get; set; } = "canary-shelf";
}

public class Order
{
    public Guid Id { get; set; }

    public int Quantity { get; set; }

    public int Version { get; set; }
}

public class Label
{
    [Key]
    public string Name { get; set; } = "";

    public string Note { get; set; } = "";
}

public class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
{
    public DbSet<Item> Items => Set<Item>();

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<Label> Labels => Set<Label>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddTidingsOutbox();
        modelBuilder.Entity<Item>().Property<string>("Shadow").HasDefaultValue("canary-shadow");
        modelBuilder.Entity<Order>().Property(order => order.Version).IsConcurrencyToken();
    }
}
